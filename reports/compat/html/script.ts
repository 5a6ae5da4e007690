/**
 * What the report does in a browser: filters, search, details on demand, deep links, keys. Without it everything but the
 * details can be read.
 */
export const SCRIPT = `
'use strict';
const form = document.getElementById('filters');
const count = document.getElementById('count');
const search = form.elements.q;
const cases = [...document.querySelectorAll('.case')].map((row) => ({
  row,
  statuses: row.dataset.status.split(' '),
  about: row.dataset.about.split(' '),
  text: (row.dataset.find + ' ' + row.firstElementChild.textContent).toLowerCase(),
}));
const themes = [...document.querySelectorAll('.theme')];

function fill(row) {
  const template = row.querySelector(':scope > template');
  if (template) template.replaceWith(template.content);
}

function wanted() {
  const data = new FormData(form);
  const words = data.get('q').toLowerCase().split(/\\s+/).filter(Boolean);
  return {
    outcomes: new Set(data.getAll('o')),
    endpoint: data.get('e'),
    differs: data.has('d'),
    about: words.filter((word) => word.startsWith('about:')).map((word) => word.slice(6)),
    words: words.filter((word) => !word.startsWith('about:')),
  };
}

function matches(one, { outcomes, endpoint, differs, about, words }) {
  const statuses = endpoint === '' ? one.statuses : [one.statuses[Number(endpoint)]];
  return (
    (outcomes.size === 0 ? statuses.some((status) => status !== 'untested') : statuses.some((status) => outcomes.has(status))) &&
    (!differs || new Set(one.statuses).size > 1) &&
    about.every((name) => one.about.includes(name)) &&
    words.every((word) => one.text.includes(word))
  );
}

function apply() {
  const filter = wanted();
  let shown = 0;
  for (const one of cases) {
    const hidden = !matches(one, filter);
    if (hidden !== one.row.hidden) one.row.hidden = hidden;
    if (!hidden) shown += 1;
  }
  for (const theme of themes) theme.hidden = theme.querySelector('.case:not([hidden])') === null;
  count.textContent = shown + ' of ' + cases.length + ' cases';
  document.getElementById('none').hidden = shown > 0;
}

function remember() {
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== '')).toString();
  history.replaceState(null, '', '#cases' + (query === '' ? '' : '?' + query));
}

function set(query) {
  form.reset();
  for (const [name, value] of query) {
    for (const field of form.querySelectorAll('[name=' + CSS.escape(name) + ']')) {
      if (field.type === 'checkbox') field.checked ||= field.value === value;
      else field.value = value;
    }
  }
  apply();
}

function follow() {
  let hash = location.hash.slice(1);
  try {
    hash = decodeURIComponent(hash);
  } catch {}
  if (hash.startsWith('cases?')) {
    set(new URLSearchParams(location.hash.slice('#cases?'.length)));
    document.getElementById('cases').scrollIntoView();
  } else if (hash.startsWith('case/')) {
    const row = document.getElementById(hash);
    if (!row) return;
    if (row.hidden) set([]);
    row.open = true;
    fill(row);
    row.scrollIntoView();
    row.firstElementChild.focus({ preventScroll: true });
  }
}

document.addEventListener('toggle', ({ target }) => {
  if (!target.matches('.case') || !target.open) return;
  fill(target);
}, true);
document.addEventListener('click', ({ target }) => {
  if (!target.matches('.copy')) return;
  const code = target.parentElement.querySelector('code');
  getSelection().selectAllChildren(code);
  navigator.clipboard?.writeText(code.textContent).then(() => { target.textContent = 'Copied'; }, () => {});
});
form.addEventListener('input', () => { apply(); remember(); });
form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('reset', () => setTimeout(() => { apply(); remember(); }));
addEventListener('hashchange', follow);
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { target } = event;
  if (event.key === '/' && !target.matches('input, select')) {
    event.preventDefault();
    search.focus();
  } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    const visible = cases.filter(({ row }) => !row.hidden).map(({ row }) => row.firstElementChild);
    const at = target === search ? -1 : visible.indexOf(target);
    if (at === -1 && target !== search) return;
    event.preventDefault();
    (visible[at + (event.key === 'ArrowDown' ? 1 : -1)] ?? search).focus();
  }
});
addEventListener('beforeprint', () => {
  for (const { row, statuses } of cases.filter(({ row }) => !row.hidden).slice(0, 400)) {
    if (statuses.every((status) => ['pass', 'skip', 'untested'].includes(status))) continue;
    row.open = true;
    fill(row);
  }
});
apply();
follow();
`;
