/** The manual and the README say what is so: options, members, checks, links; examples are read and run. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { decode } from '../generators/sequences/encoding.ts';
import { checks } from '../harness/checks/index.ts';
import { loadConfig } from '../harness/cli/config.ts';
import { EXIT } from '../harness/cli/exit.ts';
import type { Subcommand } from '../harness/cli/subcommand.ts';
import { CLASSES } from '../harness/differ/difference.ts';
import { readExpectations } from '../harness/expectations/read-expectations.ts';
import { QUIRKS } from '../harness/qmp/quirks.ts';
import { callMain, inFolder, program, qmpcheck } from '../harness/testing/command-line.ts';
import { enginesUnavailable, requireOrSkip } from '../harness/testing/engines.ts';
import { reporters } from '../reports/index.ts';
import { OUTCOME_WORDS } from '../reports/outcome.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const MANUAL = readdirSync(join(root, 'docs/manual')).map((name) => `docs/manual/${name}`);
const PAGES = [...MANUAL, 'docs/ci/README.md', 'README.md'];
const read = (page: string): string => readFileSync(join(root, page), 'utf8');
const pages = PAGES.map((page) => ({ page, text: read(page) }));

/** Code blocks of a language. */
function blocks(page: string, language: string): string[] {
  return [...read(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, code]) => code!,
  );
}

/** The first cells of a table's rows, without the marks of code; of the section below a heading. */
function firstCells(page: string, heading: string): string[] {
  const section = read(page)
    .split(/^## /m)
    .find((text) => text.startsWith(`${heading}\n`))!;
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell]) => cell!);
}

interface Described {
  readonly name: string;
  readonly options: readonly string[];
  readonly help: string;
}

/** All subcommands, and theirs, as the command line has them. */
const commands: Described[] = [];
beforeAll(async () => {
  const { stdout } = await callMain(['--help']);
  const names = [...stdout.split('Commands:')[1]!.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name!);
  for (const name of names.filter((one) => one !== 'help')) {
    const { subcommand } = (await import(`../harness/cli/${name}.ts`)) as { subcommand: Subcommand };
    const command = new Command(name);
    subcommand.define(command, () => undefined);
    for (const one of [command, ...command.commands]) {
      const words = one === command ? [name] : [name, one.name()];
      commands.push({
        name: words.join(' '),
        options: one.options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined)),
        help: (await callMain([...words, '--help'])).stdout,
      });
    }
  }
});

describe('the command line', () => {
  test('has its options in the manual, and no others are there', () => {
    expect(commands.length).toBeGreaterThan(12);
    const text = MANUAL.map(read).join('\n');
    for (const { name, options } of commands)
      for (const option of options)
        expect(new RegExp(`${option}(?![\\w-])`).test(text), `${name} ${option}`).toBe(true);
    const known = new Set([...commands.flatMap(({ options }) => options), '--help', '--debug']);
    const told = [...read('docs/manual/commands.md').matchAll(/`(--[\w-]+)/g)].map(([, option]) => option!);
    expect(told.filter((option) => !known.has(option))).toEqual([]);
  });

  test('has each option with the commands that the page of options names', () => {
    const rows = [...read('docs/manual/commands.md').matchAll(/^\| (`--.*?) \| (.*?) \|/gm)];
    expect(rows.length).toBeGreaterThan(25);
    for (const [, options, of] of rows)
      for (const [, option] of options!.matchAll(/`(--[\w-]+)/g)) {
        const having = commands.filter((one) => one.options.includes(option!)).map(({ name }) => name);
        const named = [...of!.matchAll(/`([a-z][\w -]*)`/g)].map(([, name]) => name!);
        if (of!.startsWith('all with a target')) {
          const ofTargets = commands.filter((one) =>
            ['--target', '--left'].some((flag) => one.options.includes(flag)),
          );
          const wanted = ofTargets.map(({ name }) => name).filter((name) => !named.includes(name));
          expect(having, option!).toEqual(expect.arrayContaining(wanted));
          continue;
        }
        expect(named.length, option!).toBeGreaterThan(0);
        expect(
          named.filter((name) => !having.includes(name)),
          option!,
        ).toEqual([]);
      }
  });

  test('says in every --help which exit codes there are, and no empty default', () => {
    for (const { name, help } of commands) {
      expect(help, name).not.toContain('(default: [])');
      if (name !== 'schema') expect(help, name).toMatch(/Exit codes?\b/);
    }
  });

  test('has the options of every call that is shown', () => {
    const calls = pages.flatMap(({ page, text }) =>
      [...text.matchAll(/^\$ (?:bin\/)?qmpcheck (.+)$/gm)].map(([, words]) => ({
        page,
        words: words!.replace(/'[^']*'|"[^"]*"/g, 'QUOTED').split(/\s+/),
      })),
    );
    expect(calls.length).toBeGreaterThan(25);
    for (const { page, words } of calls) {
      const name = words[0] === 'schema' ? `schema ${words[1]}` : words[0];
      const command = commands.find((one) => one.name === name);
      expect(command, `${page}: ${words.join(' ')}`).toBeDefined();
      for (const word of words)
        if (word.startsWith('--')) expect(command!.options, `${page}: ${words.join(' ')}`).toContain(word);
    }
  });
});

describe('what the README shows', () => {
  const examples = blocks('README.md', 'console').flatMap((block) => {
    const [call, ...lines] = block.trimEnd().split('\n');
    const shown = lines.filter((line) => !line.startsWith('$ '));
    return shown.length > 0 && shown.length === lines.length
      ? [{ call: call!.replace('$ bin/qmpcheck ', ''), shown }]
      : [];
  });

  /** Without what differs from one machine and run to another. */
  const lasting = (line: string): string =>
    line
      .replace(/QEMU \d[\d.]*( · (?!\d)[^·]+(?= ·))?/, 'QEMU')
      .replace(/ {2}[\d.]+ m?s$/, '')
      .replace(/again {8}.*qmpcheck run/, 'again        bin/qmpcheck run');

  test.each(examples)('$call', async ({ call, shown }, context) => {
    if (call.includes('qemu')) requireOrSkip(context, 'qemu', enginesUnavailable('qemu-storage-daemon'));
    const input = shown.filter((line) => line.startsWith('{"execute"'));
    const words = [...call.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
    const { stdout } = await qmpcheck(words, { input: `${input.join('\n')}\n` });
    const printed = stdout.split(/\r?\n/).map(lasting);
    let at = -1;
    for (const line of shown.filter((one) => one !== '…' && !input.includes(one))) {
      at = printed.indexOf(lasting(line), at + 1);
      expect(at, `${line}\n  in\n${stdout}`).toBeGreaterThanOrEqual(0);
    }
  });

  test('are several', () => {
    expect(examples.map(({ call }) => call.split(' ')[0])).toEqual(['run', 'list', 'serve', 'diff']);
  });
});

describe('links', () => {
  /** Anchors as GitHub makes them of headings. */
  const anchorsOf = (text: string): string[] =>
    [...text.replace(/^```.*?^```$/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );

  test.each(pages)('of $page lead somewhere', ({ page, text }) => {
    const links = [...text.replace(/^```.*?^```$/gms, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to!);
    for (const link of links.filter((to) => !/^https?:/.test(to))) {
      const [path, anchor] = link.split('#') as [string, string?];
      const file = path === '' ? page : relative(root, resolve(root, dirname(page), path));
      const there = () => (path.endsWith('/') ? readdirSync(join(root, file)).join() : read(file));
      expect(there, link).not.toThrow();
      if (anchor !== undefined) expect(anchorsOf(there()), link).toContain(anchor);
    }
  });

  test('of the first page lead to every other', () => {
    const first = read('docs/manual/README.md');
    for (const page of MANUAL.filter((one) => !one.endsWith('README.md')))
      expect(first).toContain(`](${page.slice('docs/manual/'.length)})`);
  });
});

describe('the config file', () => {
  const PAGE = 'docs/manual/config.md';
  const schema = JSON.parse(read('docs/config.schema.json')).properties.targets.additionalProperties
    .properties;

  test('has every member and every quirk on its page', () => {
    expect(firstCells(PAGE, 'Members of a target').toSorted()).toEqual(Object.keys(schema).toSorted());
    expect(firstCells(PAGE, 'Quirks').toSorted()).toEqual(Object.keys(schema.quirks.properties).toSorted());
    for (const [name, quirk] of Object.entries(QUIRKS))
      expect(read(PAGE)).toMatch(new RegExp(`^\\| \`${name}\` \\| .* \\| \`${quirk.case}\` \\|$`, 'm'));
    for (const name of Object.keys(schema.tls.properties)) expect(read(PAGE)).toMatch(`\`${name}`);
  });

  test('is read as it is shown', () =>
    inFolder(async (folder) => {
      const examples = PAGES.flatMap((page) => blocks(page, 'json')).filter((text) =>
        text.includes('"targets"'),
      );
      expect(examples.length).toBeGreaterThan(0);
      for (const text of examples) {
        writeFileSync(join(folder, 'qmpcheck.config.json'), text);
        for (const pem of ['ca', 'client']) writeFileSync(join(folder, `${pem}.pem`), '');
        writeFileSync(join(folder, 'client.key'), '');
        const config = await loadConfig(folder);
        expect([...config.keys()]).toEqual(Object.keys(JSON.parse(text).targets));
      }
    }));
});

describe('expectations', () => {
  const PAGE = 'docs/manual/expectations.md';
  const members = (entry: object): string[] => Object.keys(entry);
  interface Form {
    readonly properties: Record<string, { readonly items?: Form }>;
  }
  const forms: Form[] = JSON.parse(read('docs/expectations.schema.json')).items.oneOf ?? [];

  test('are read as they are shown', () => {
    const examples = PAGES.flatMap((page) => blocks(page, 'yaml')).filter((text) => text.includes('about:'));
    const abouts = examples.flatMap((text) => readExpectations(text, PAGE).map(({ about }) => about));
    expect([...new Set(abouts)].toSorted()).toEqual(['case', 'difference', 'finding']);
  });

  test('have every member on their page', () => {
    expect(forms).toHaveLength(3);
    const inSchema = forms.flatMap(({ properties }) => [
      ...members(properties),
      ...members(properties.deviations!.items!.properties),
    ]);
    const onPage = firstCells(PAGE, 'Form');
    expect([...onPage, 'about'].toSorted()).toEqual([...new Set(inSchema)].toSorted());
  });
});

test('the checks are those that there are', () => {
  expect(firstCells('docs/manual/outcomes.md', 'Checks')).toEqual(Object.keys(checks));
});

test('the outcomes and exit codes are those that there are', () => {
  const page = read('docs/manual/outcomes.md');
  const rows = [...page.matchAll(/^\| `(\w+)` \| ([\w ]+) \| .*\|$/gm)].map(([, outcome, words]) => [
    outcome,
    words,
  ]);
  expect(Object.fromEntries(rows)).toEqual(OUTCOME_WORDS);
  for (const code of Object.values(EXIT)) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
});

test('the reporters and members of a record are those that there are', () => {
  const PAGE = 'docs/manual/records.md';
  expect(firstCells(PAGE, 'Formats').toSorted()).toEqual(Object.keys(reporters).toSorted());
  const { properties } = JSON.parse(read('docs/record.schema.json'));
  const named = [
    ...read(PAGE)
      .split('## The record')[1]!
      .split('## ')[0]!
      .matchAll(/^\| (`.*?) \|/gm),
  ];
  const members = named.flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  expect(members.filter((name) => !Object.hasOwn(properties, name))).toEqual([]);
  expect(members.length).toBeGreaterThan(7);
});

test('the classes of differences are those that there are', () => {
  const section = read('docs/manual/fuzzing.md').split('## Two endpoints in lockstep')[1]!;
  const rows = [...section.matchAll(/^\| (`.*?) \|/gm)];
  const classes = rows.flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  expect(classes).toEqual([...CLASSES]);
});

test('the program is one, and passes on the reference', () =>
  inFolder(async (cwd) => {
    const [example] = blocks('docs/manual/fuzzing.md', 'text');
    expect(decode(example!).steps).toHaveLength(6);
    writeFileSync(join(cwd, 'program.txt'), example!);
    const { code, stdout } = await qmpcheck(['replay', 'program.txt'], { cwd });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^PASSES /) });
  }));

test('the workflows are YAML', () => {
  for (const text of blocks('docs/ci/README.md', 'yaml')) expect(parse(text)).toHaveProperty('jobs');
});

describe('the library', () => {
  const PAGE = 'docs/manual/library.md';

  /** As a project that has the package. */
  const inProject = (work: (folder: string) => Promise<void>): Promise<void> =>
    inFolder(async (folder) => {
      mkdirSync(join(folder, 'node_modules'));
      symlinkSync(root, join(folder, 'node_modules/qmpcheck'));
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
      await work(folder);
    });

  test('does what its page shows', () =>
    inProject(async (folder) => {
      const [first, second] = blocks(PAGE, 'js');
      const [printed] = blocks(PAGE, 'text');
      const run = (code: string, ...args: string[]): string => {
        writeFileSync(join(folder, 'example.js'), code);
        return execFileSync(process.execPath, ['example.js', ...args], { cwd: folder, encoding: 'utf8' });
      };
      const socket = join(folder, 'qmp.sock');
      const monitors = ['-qmp', `unix:${socket},server=on,wait=off`, '-qmp', 'stdio'];
      const server = spawn(process.execPath, [program, 'serve', ...monitors]);
      try {
        await once(server.stdout, 'data'); // the last monitor greets
        expect(run(first!, `unix:${socket}`)).toBe(printed);
        expect(run(second!, `unix:${socket}`)).toBe('backup0: 1048576 of 1048576 bytes\n');
      } finally {
        server.kill();
      }
    }));

  test('has the types that its page shows', () =>
    inProject(async (folder) => {
      writeFileSync(join(folder, 'example.ts'), blocks(PAGE, 'ts').join('\n'));
      const options = '--noEmit --strict --target es2023 --module nodenext --types node --typeRoots'.split(
        ' ',
      );
      const compiler = join(root, 'node_modules/typescript/bin/tsc');
      const args = [compiler, ...options, join(root, 'node_modules/@types'), 'example.ts'];
      const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    }));
});
