/** The shell: what lines mean, what completes them, and all of it through a real terminal. */
import { describe, expect, test } from 'vitest';
import { loadBlockSchema } from '../../../spec/block-core.ts';
import { inFolder, program, qmpcheck } from '../../testing/command-line.ts';
import { ptyUnavailable, requireOrSkip } from '../../testing/engines.ts';
import { complete } from './complete.ts';
import { LineError, readLine } from './line.ts';

const schema = loadBlockSchema();

describe('readLine', () => {
  test.each([
    ['query-block', { execute: 'query-block' }],
    ['{"execute": "x", "id": [1]}', { execute: 'x', id: [1] }],
    [
      'blockdev-add driver=raw node-name=7 file.driver=null-co file.size=65536 read-only=true',
      {
        execute: 'blockdev-add',
        arguments: {
          driver: 'raw',
          'node-name': '7',
          file: { driver: 'null-co', size: 65536 },
          'read-only': true,
        },
      },
    ],
    [
      'block_passwd device="a b" password="{"',
      { execute: 'block_passwd', arguments: { device: 'a b', password: '{' } },
    ],
    [
      'transaction actions=[{"type": "abort", "data": {"x": "] "}}] properties={ "completion-mode": "grouped" }',
      {
        execute: 'transaction',
        arguments: {
          actions: [{ type: 'abort', data: { x: '] ' } }],
          properties: { 'completion-mode': 'grouped' },
        },
      },
    ],
    [
      'blockdev-add driver=qcow2 file={"driver": "file", "filename": "x"} backing=null node-name=null',
      {
        execute: 'blockdev-add',
        arguments: {
          driver: 'qcow2',
          file: { driver: 'file', filename: 'x' },
          backing: null,
          'node-name': 'null',
        },
      },
    ],
    [
      'blockdev-add driver=qcow2 backing="null"',
      { execute: 'blockdev-add', arguments: { driver: 'qcow2', backing: 'null' } },
    ],
    ['unheard-of a=[1 b', { execute: 'unheard-of', arguments: { a: '[1 b' } }],
    ['unheard-of n=12 s=text', { execute: 'unheard-of', arguments: { n: 12, s: 'text' } }],
    [
      'block_resize size=18446744073709551615',
      { execute: 'block_resize', arguments: { size: 18446744073709551615n } },
    ],
  ])('%s', (line, message) => {
    expect(readLine(line, schema)).toEqual(message);
  });

  test.each(['{"execute"', '{} {}', 'query-block x', 'c a=1 a.b=2', 'c __proto__.x=1'])(
    'refuses %s',
    (line) => {
      expect(() => readLine(line, schema)).toThrow(LineError);
    },
  );
});

describe('complete', () => {
  test.each([
    ['block_r', ['block_resize ']],
    ['.p', ['.pretty']],
    ['block_resize ', ['device=', 'node-name=', 'size=']],
    ['block_resize size=1 d', ['device=']],
    ['blockdev-add driver=qc', ['driver=qcow ', 'driver=qcow2 ']],
    ['blockdev-add driver=null-co lat', ['latency-ns=']],
    ['blockdev-add driver=qcow2 lat', []],
    ['blockdev-add driver=raw file.driver=null-co file.lat', ['file.latency-ns=']],
    ['blockdev-add cache.d', ['cache.direct=']],
    ['blockdev-add cache.direct=', ['cache.direct=true ', 'cache.direct=false ']],
    ['transaction actions=[{"type": ', []],
    ['transaction actions=[] prop', ['properties.']],
    ['unheard-of x', []],
  ])('%s', (line, candidates) => {
    expect(complete(line, schema)[0]).toEqual(candidates);
  });
});

describe('qmpcheck shell', () => {
  test('takes lines from a script', async () => {
    const { code, stdout } = await qmpcheck(['shell', '--raw'], {
      input: 'query-block-jobs\nblock_resize node-name=none size=1\n.pretty\nquery-block-jobs\nquit\n',
    });
    expect(stdout).toContain('{"return":[]}\n{"error":{"class":"GenericError"');
    expect(stdout).toContain('{\n  "return": []\n}\n');
    expect(code).toBe(0);
  });

  test('completes, remembers and prints events at a terminal', (context) => {
    requireOrSkip(context, 'pty', ptyUnavailable());
    return inFolder(async (folder) => {
      const at = (type: (terminal: Terminal) => Promise<void>) => atTerminal(folder, type);
      await at(async (terminal) => {
        await terminal.shows('qmp> ');
        await terminal.type('query-bl');
        await terminal.press('\t', 'ock');
        await terminal.press('\t', 'query-blockstats');
        await terminal.press('\u0003', 'qmp> ');
        await terminal.type('blockdev-add dri');
        await terminal.press('\t', 'ver=');
        await terminal.type('null-c');
        await terminal.press('\t', 'o ');
        await terminal.type('node-name=n0');
        await terminal.press('\r', '"return": {}');
        await terminal.shows('qmp> ');
        await terminal.type('qui');
        await terminal.press('\t', 't ');
        terminal.press('\r');
        await terminal.shows('SHUTDOWN');
      });
      await at(async (terminal) => {
        await terminal.shows('qmp> ');
        await terminal.press('\u001b[A', 'quit');
        await terminal.press('\u001b[A', 'blockdev-add driver=null-co node-name=n0');
        await terminal.press('\u0003', 'qmp> ');
        terminal.press('\u0004');
      });
    });
  });
});

interface Terminal {
  /** Resolves when the text is echoed. */
  type(text: string): Promise<void>;
  /** A key of its own: readline takes a tab among other text for a pasted one. */
  press(key: string, shown?: string): Promise<void>;
  /** Resolves when the text was printed behind what was waited for before. */
  shows(text: string): Promise<void>;
}

/** Runs the shell in a terminal until it ends by itself; its code must be 0. */
async function atTerminal(folder: string, use: (terminal: Terminal) => Promise<void>): Promise<void> {
  const env = { ...process.env, XDG_STATE_HOME: folder, NO_COLOR: '1', TERM: 'xterm' };
  const { spawn } = await import('node-pty');
  const child = spawn(process.execPath, [program, 'shell'], { cols: 100, rows: 40, env });
  const ended = new Promise<number>((resolve) => {
    child.onExit(({ exitCode }) => resolve(exitCode));
  });
  let seen = '';
  let wake = () => {};
  child.onData((data) => {
    seen += data;
    wake();
  });
  const shows = async (text: string): Promise<void> => {
    while (!seen.includes(text)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    seen = seen.slice(seen.indexOf(text) + text.length);
  };
  try {
    const press = async (key: string, shown = ''): Promise<void> => {
      child.write(key);
      await shows(shown);
    };
    await use({ type: (text) => press(text, text), press, shows });
    expect(await ended).toBe(0);
  } finally {
    child.kill();
  }
}
