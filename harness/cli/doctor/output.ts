/** What `qmpcheck doctor` prints for people: a fact a line, its name before it, what is amiss marked; 80 columns do. */
import type picocolors from 'picocolors';
import { schemaText, themeOf, versionText } from '../../../reports/outcome.ts';
import { count, listed, printable, wrap } from '../../../reports/text.ts';
import type { Way } from '../../probe/contents-access.ts';
import type { Access } from '../../probe/scratch-access.ts';
import type { Diagnosis, Offer } from './examine.ts';

type Colors = ReturnType<typeof picocolors.createColors>;

/** Columns of the names of facts, mark included. */
const NAME = 14;
const WIDEST = 100;
/** Names and reasons that are listed. */
const MOST_NAMES = 12;
const MOST_REASONS = 12;
const MOST_THEMES = 4;

type Mark = 'good' | 'odd' | 'bad' | 'plain';

interface Fact {
  readonly name: string;
  readonly mark: Mark;
  readonly lines: readonly string[];
}

/** `columns`: of the terminal; 0: as wide as it gets. */
export function doctorLines(diagnosis: Diagnosis, columns: number, colors: Colors): string[] {
  const width = columns === 0 ? 0 : Math.min(columns, WIDEST) - NAME;
  const marks: Record<Mark, string> = {
    good: colors.green('✔'),
    odd: colors.yellow('!'),
    bad: colors.red('✖'),
    plain: ' ',
  };
  const facts = factsOf(diagnosis).flatMap(({ name, mark, lines }) =>
    lines
      .flatMap((line) => wrap(printable(line), width))
      .map((line, index) =>
        index === 0
          ? `${marks[mark]} ${colors.bold(name.padEnd(NAME - 2))}${line}`
          : `${' '.repeat(NAME)}${line}`,
      ),
  );
  return [
    colors.bold(printable(diagnosis.endpoint.target)),
    '',
    ...facts,
    '',
    ...skips(diagnosis, width, colors),
    ...verdict(diagnosis, width, colors),
  ];
}

function factsOf(diagnosis: Diagnosis): Fact[] {
  const { endpoint, quirks, monitors, scratch, contents, qtest: hasQtest } = diagnosis;
  const schema = schemaText(endpoint);
  const { undecided } = endpoint.schemaOrigin ?? {};
  const isSilent = schema !== null && !diagnosis.commands.offered.includes('query-events');
  const isBroken = diagnosis.reservations.some((text) => text.startsWith('its introspection'));
  return [
    {
      name: 'Endpoint',
      mark: 'plain',
      lines: [
        [versionText(endpoint) ?? 'no version', endpoint.package]
          .filter((text) => text !== undefined)
          .join(', '),
      ],
    },
    { name: 'Monitors', mark: 'plain', lines: [monitorText(monitors)] },
    {
      name: 'Protocol',
      mark: quirks.length === 0 ? 'good' : 'odd',
      lines:
        quirks.length === 0
          ? ['no breach found']
          : quirks.map(({ does, tolerance }) => `${does}; ${tolerance}`),
    },
    {
      name: 'Schema',
      mark: schema === null ? 'good' : isBroken ? 'odd' : 'plain',
      lines: [schema ?? 'its own (query-qmp-schema)'],
    },
    {
      name: 'Commands',
      mark: 'plain',
      lines: [
        ...offerLines(diagnosis.commands),
        ...(undecided === undefined ? [] : [`not known until a case needs it: ${undecided.join(', ')}`]),
      ],
    },
    {
      name: 'Events',
      mark: 'plain',
      lines: isSilent ? ['not known: it does not list them'] : offerLines(diagnosis.events),
    },
    { name: 'Drivers', mark: 'plain', lines: driverLines(diagnosis.drivers) },
    ...(scratch === null
      ? [
          {
            name: 'Scratch',
            mark: 'plain',
            lines: ['none: it sees no folder of ours (--directory HERE=THERE names one that it does)'],
          } as const,
        ]
      : [scratchFact(scratch)]),
    {
      name: 'Contents',
      mark:
        contents === null
          ? 'plain'
          : Object.values(contents).some(({ works }) => works === 'yes')
            ? 'good'
            : 'plain',
      lines:
        contents === null
          ? ['not tried: no file of ours can be opened']
          : [
              `NBD export: ${wayText(contents.nbd)}`,
              `HMP qemu-io: ${wayText(contents.humanMonitor)}`,
              `qtest: ${hasQtest ? 'for replays' : 'no (only of a QEMU system that qmpcheck starts)'}`,
            ],
    },
    { name: 'Cases', mark: diagnosis.cases.run > 0 ? 'good' : 'bad', lines: [caseText(diagnosis)] },
  ];
}

function monitorText({ most, sharesOne }: Diagnosis['monitors']): string {
  const text = count(most, 'monitor');
  if (sharesOne === null) return most > 1 ? `up to ${text}` : text;
  return `${text}, ${sharesOne ? 'for several clients at a time' : 'for one client at a time'}`;
}

function offerLines({ offered, lacking, further }: Offer): string[] {
  const known = offered.length - further.length;
  const all = known + lacking.length;
  const more = further.length === 0 ? '' : `, and ${further.length} more`;
  return [
    `${known} of the spec's ${all}${more}`,
    ...(known === 0 || lacking.length === 0
      ? []
      : known < lacking.length
        ? [`has ${listed(offered, MOST_NAMES)}`]
        : [`lacks ${listed(lacking, MOST_NAMES)}`]),
  ];
}

/** What is listed is not yet there. */
function driverLines(drivers: Diagnosis['drivers']): string[] {
  const { undecided } = drivers;
  const [first, ...rest] = offerLines(drivers);
  if (undecided.length === 0) return [first!, ...rest];
  return [`${first} in its schema`, ...rest, `only use tells whether it has ${undecided.join(', ')}`];
}

function scratchFact({ reads, writes, makes, told, here, there }: NonNullable<Diagnosis['scratch']>): Fact {
  const rights: readonly (readonly [string, Access])[] = [
    ['reads', reads],
    ['writes', writes],
    ['makes files', makes],
  ];
  const of = (access: Access) => rights.flatMap(([name, one]) => (one === access ? [name] : []));
  const parts = [
    ...of('yes'),
    ...of('no').map((name) => `cannot ${name.replace('s', '').replace('make file', 'make files')}`),
    ...(of('unknown').length > 0 ? [`not known: ${of('unknown').join(', ')}`] : []),
  ];
  return {
    name: 'Scratch',
    mark: of('no').length > 0 ? 'bad' : reads === 'yes' ? 'good' : 'odd',
    lines: [
      here === there ? here : `${here}, there ${there}`,
      parts.join(', '),
      ...(told === undefined ? [] : [told]),
    ],
  };
}

function wayText({ works, told }: Way): string {
  const word = { yes: 'works', no: 'no', unknown: 'not known' }[works];
  return told === undefined ? word : `${word} (${told})`;
}

function caseText({ cases: { run, skipped } }: Diagnosis): string {
  const left = skipped.reduce((sum, { cases }) => sum + cases.length, 0);
  return `${run} of ${run + left} can run${left === 0 ? '' : `, ${left} are skipped:`}`;
}

/** Reasons in words, how many cases each, and of which themes. */
function skips({ cases: { skipped } }: Diagnosis, width: number, { dim }: Colors): string[] {
  const shown = skipped.slice(0, skipped.length > MOST_REASONS + 1 ? MOST_REASONS : skipped.length);
  const others = skipped.slice(shown.length);
  const lines = shown.flatMap(({ reason, cases }) => {
    const themes = [...new Set(cases.map(themeOf))];
    const [first = '', ...rest] = wrap(`${reason}`, width);
    return [
      `${String(cases.length).padStart(NAME - 2)}  ${first}`,
      ...rest.map((line) => `${' '.repeat(NAME)}${line}`),
      ...wrap(listed(themes, MOST_THEMES), width).map((line) => dim(`${' '.repeat(NAME)}${line}`)),
    ];
  });
  const left = others.reduce((sum, { cases }) => sum + cases.length, 0);
  if (left > 0)
    lines.push(`${String(left).padStart(NAME - 2)}  for ${others.length} other reasons (--json lists them)`);
  return lines.length === 0 ? [] : [...lines, ''];
}

function verdict({ ready, reservations }: Diagnosis, width: number, colors: Colors): string[] {
  const [head, paint] = {
    yes: ['It can be tested.', colors.green],
    'with reservations': ['It can be tested, with reservations:', colors.yellow],
    no: ['It cannot be tested:', colors.red],
  }[ready] as [string, Colors['red']];
  const lines = reservations.flatMap((text) =>
    wrap(printable(text), width === 0 ? 0 : width + NAME - 4).map(
      (line, index) => `${index === 0 ? '  - ' : '    '}${line}`,
    ),
  );
  return [paint(colors.bold(head)), ...lines];
}
