/** Holds the tree to the import rules of docs/ARCHITECTURE.md: layers that are only promised in prose rot. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const projects = ['spec', 'generators', 'reports', 'reference-impl', 'harness', 'bench'];
const MAX_LINES = 450;

interface Source {
  readonly path: string;
  readonly text: string;
  /** Project files it imports, relative to the root. */
  readonly imports: readonly string[];
  /** The imports of which it takes types only. */
  readonly typeImports: readonly string[];
}

function read(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const found = (pattern: RegExp) =>
    [...text.matchAll(pattern)].map((match) => relative(root, resolve(root, dirname(path), match[1]!)));
  const imports = found(/(?:from|import|import\()\s*['"](\.{1,2}\/[^'"]+)['"]/g);
  const typeImports = found(/import type [^;]*? from '(\.{1,2}\/[^']+)'/g);
  return { path, text, imports, typeImports };
}

const sources = projects
  .flatMap((project) =>
    (readdirSync(join(root, project), { recursive: true }) as string[]).map((name) => join(project, name)),
  )
  .filter((path) => path.endsWith('.ts') && !path.includes('generated/'))
  .map(read);

function violations(of: (source: Source) => boolean, allowed: (target: string, source: Source) => boolean) {
  return sources
    .filter(of)
    .flatMap((source) =>
      source.imports
        .filter((target) => !allowed(target, source))
        .map((target) => `${source.path} -> ${target}`),
    );
}

const isTest = (path: string) => path.endsWith('.test.ts') || path.includes('/testing/');
const project = (path: string) => path.split('/')[0]!;
const folder = (path: string) => path.split('/').slice(0, 2).join('/');

const mayImport: Record<string, readonly string[]> = {
  spec: ['spec'],
  generators: ['generators', 'spec'],
  reports: ['reports', 'spec'],
  'reference-impl': ['reference-impl', 'spec'],
  harness: ['harness', 'spec', 'generators', 'reports'],
  bench: projects,
};
/** The folders of the reference, the lowest first; the files beside them are on top, and put it together. */
const REFERENCE_FOLDERS = [
  'qapi',
  'host',
  'crypto',
  'nbd',
  'throttle',
  'objects',
  'services',
  'drivers',
  'graph',
  'backend',
  'jobs',
  'devices',
  'exports',
  'transactions',
  'commands',
  'options',
  'monitor',
];
const mayImportReference = ['harness/targets/reference.ts', 'harness/cli/serve.ts'];

describe('import rules', () => {
  test.each(projects)('%s', (name) => {
    const found = violations(
      (source) => project(source.path) === name,
      (target, source) =>
        mayImport[name]!.includes(project(target)) ||
        (project(target) === 'reference-impl' &&
          (mayImportReference.includes(source.path) || isTest(source.path))) ||
        (target === 'generators/random.ts' && isTest(source.path)),
    );
    expect(found).toEqual([]);
  });

  test('cases know nothing of who runs them: interfaces only', () => {
    const found = violations(
      (source) => folder(source.path) === 'harness/cases' && !isTest(source.path),
      (target, { typeImports }) =>
        ['harness/cases', 'harness/qcow2'].includes(folder(target)) ||
        (target === 'harness/targets/target.ts' && typeImports.includes(target)) ||
        ['spec', 'generators', 'reports'].includes(project(target)),
    );
    expect(found).toEqual([]);
  });

  test('harness/qcow2 knows the bytes of images and nothing else', () => {
    const found = violations(
      (source) => folder(source.path) === 'harness/qcow2' && !isTest(source.path),
      (target) => folder(target) === 'harness/qcow2',
    );
    expect(found).toEqual([]);
  });

  test('harness/state sees the record and the spec only', () => {
    const found = violations(
      (source) => folder(source.path) === 'harness/state' && !isTest(source.path),
      (target) => folder(target) === 'harness/state' || ['spec', 'reports'].includes(project(target)),
    );
    expect(found).toEqual([]);
  });

  test.each(['harness/checks', 'harness/differ'])(
    '%s sees the record, the spec, and states as data, nothing that looks at the host',
    (name) => {
      const isState = (path: string) => folder(path) === 'harness/state';
      const looksAtHost = (path: string): boolean => {
        const { text, imports } = sources.find((source) => source.path === path)!;
        return /from 'node:/.test(text) || imports.some((next) => isState(next) && looksAtHost(next));
      };
      const found = violations(
        (source) => folder(source.path) === name && !isTest(source.path),
        (target) =>
          folder(target) === name ||
          ['spec', 'reports'].includes(project(target)) ||
          (isState(target) && !looksAtHost(target)),
      );
      expect(found).toEqual([]);
    },
  );

  test('no folders import each other in a circle, types included; a file beside the folders is a place of its own', () => {
    const place = (path: string) => (path.split('/').length === 2 ? path : folder(path));
    const below = new Map<string, Set<string>>();
    for (const { path, imports } of sources.filter((source) => !isTest(source.path)))
      for (const target of imports) {
        const [from, to] = [place(path), place(target)];
        if (from !== to) below.set(from, (below.get(from) ?? new Set()).add(to));
      }
    const all = new Set<string>();
    const circles: string[] = [];
    const visit = (at: string, way: readonly string[]): void => {
      if (way.includes(at)) circles.push([...way.slice(way.indexOf(at)), at].join(' -> '));
      if (way.includes(at) || all.has(at)) return;
      for (const next of below.get(at) ?? []) visit(next, [...way, at]);
      all.add(at);
    };
    for (const at of below.keys()) visit(at, []);
    expect(circles).toEqual([]);
  });

  test('no folder of the reference imports a higher one, types included', () => {
    const height = (path: string) => {
      const [, name, ...rest] = path.split('/');
      return rest.length === 0 ? REFERENCE_FOLDERS.length : REFERENCE_FOLDERS.indexOf(name!);
    };
    const inside = (path: string) => project(path) === 'reference-impl' && !isTest(path);
    const unplaced = sources.filter(({ path }) => inside(path) && height(path) < 0);
    expect(unplaced.map(({ path }) => path)).toEqual([]);
    const found = violations(
      ({ path }) => inside(path),
      (target, { path }) => project(target) !== 'reference-impl' || height(target) <= height(path),
    );
    expect(found).toEqual([]);
  });

  test('a driver knows its interface, what is below, and its own folder, never another driver', () => {
    const found = violations(
      (source) => /^reference-impl\/drivers\/(?!index)/.test(source.path) && !isTest(source.path),
      (target, source) => {
        if (folder(target) !== 'reference-impl/drivers') return true;
        const shared =
          /^reference-impl\/drivers\/(driver|lock|pass-through|random-id|sizes|clustered\/[^/]+)\.ts$/;
        if (shared.test(target)) return true;
        const own = source.path.split('/').slice(0, 3).join('/');
        return own.endsWith('.ts') ? false : target.startsWith(`${own}/`);
      },
    );
    expect(found).toEqual([]);
  });

  test('of drivers, others know the interface; who puts the reference together hands in the table', () => {
    const found = violations(
      ({ path }) =>
        project(path) === 'reference-impl' &&
        folder(path) !== 'reference-impl/drivers' &&
        path !== 'reference-impl/reference-endpoint.ts' &&
        !isTest(path),
      (target) =>
        folder(target) !== 'reference-impl/drivers' || target === 'reference-impl/drivers/driver.ts',
    );
    expect(found).toEqual([]);
  });

  test.each(['commands', 'transactions'])('%s never import each other', (name) => {
    const seam = /\/(index|handler|action)\.ts$/;
    const found = violations(
      (source) =>
        folder(source.path) === `reference-impl/${name}` && !isTest(source.path) && !seam.test(source.path),
      (target) => !/^reference-impl\/(commands|transactions)\//.test(target) || seam.test(target),
    );
    expect(found).toEqual([]);
  });
});

test('what the schema has checked is typed by it: no cast by way of unknown, none of an argument or option', () => {
  const casts = /as unknown as|\b(?:args|options|data)(?:\.\w+|\['[\w-]+'\]) as (?!const)/;
  const found = sources
    .filter(
      ({ path }) => /^reference-impl\/(commands|drivers|jobs|transactions)\//.test(path) && !isTest(path),
    )
    .filter(({ text }) => casts.test(text));
  expect(found.map(({ path }) => path)).toEqual([]);
});

describe('what only tests use', () => {
  test('is in a folder `testing`, which nothing else imports', () => {
    const found = violations(
      ({ path }) => !isTest(path),
      (target) => !target.includes('/testing/'),
    );
    expect(found).toEqual([]);
  });

  test('alone takes the libraries of tests', () => {
    const libraries = (name: string) => (name === 'reference-impl' ? ['vitest', 'fast-check'] : ['vitest']);
    const found = sources
      .filter(({ path }) => !isTest(path))
      .filter(({ path, text }) =>
        libraries(project(path)).some((library) => text.includes(`from '${library}'`)),
      );
    expect(found.map(({ path }) => path)).toEqual([]);
  });
});

test('a file of the reference has a name that no other file has, but for commands', () => {
  const names = sources.map(({ path }) => basename(path));
  const found = sources
    .map(({ path }) => path)
    .filter((path) => project(path) === 'reference-impl' && folder(path) !== 'reference-impl/commands')
    .filter((path) => basename(path) !== 'index.ts')
    .filter((path) => names.filter((name) => name === basename(path)).length > 1);
  expect(found).toEqual([]);
});

test('jobs, nodes, their I/O and the graph change through verbs: no field of theirs can be assigned from outside', () => {
  const owners = {
    Job: 'jobs/job.ts',
    JobRegistry: 'jobs/job-registry.ts',
    Node: 'graph/node.ts',
    BlockIo: 'graph/block-io.ts',
    NodeGraph: 'graph/node-graph.ts',
  };
  const found = Object.entries(owners).flatMap(([name, path]) => {
    const { text } = sources.find((source) => source.path === `reference-impl/${path}`)!;
    const body = new RegExp(`^export class ${name}\\b.*?^}`, 'ms').exec(text)![0];
    return [...body.matchAll(/^ {2}(?!readonly )(\w+)[?!]?(?:: .*| = .*|);?$/gm)].map(
      (field) => `${name}.${field[1]}`,
    );
  });
  expect(found).toEqual([]);
});

test(`no source file is longer than ${MAX_LINES} lines`, () => {
  const long = sources
    .filter((source) => !source.path.endsWith('.test.ts'))
    .filter((source) => source.text.split('\n').length > MAX_LINES)
    .map((source) => source.path);
  expect(long).toEqual([]);
});

test('the tree that is checked is not empty', () => {
  for (const name of ['spec', 'reports', 'reference-impl', 'harness']) {
    expect(sources.some((source) => project(source.path) === name)).toBe(true);
  }
});
