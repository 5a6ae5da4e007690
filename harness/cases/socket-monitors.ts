/** Monitors that options make on character devices: what is said on each, byte by byte. */
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { isJsonObject, parseJson } from '../../spec/json.ts';
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { bytesOf } from './helpers/image-files.ts';

const socketAt = (name: string): string => `path=@DIR@/${name},server=on,wait=off`;

const monitors: Topology = {
  name: 'monitors-on-sockets',
  images: [],
  options: [
    '-qmp unix:@DIR@/plain,server=on,wait=off -qmp-pretty unix:@DIR@/pretty,server=on,wait=off',
    `-chardev socket,id=c0,${socketAt('chosen')} -mon chardev=c0,mode=control`,
    `-chardev socket,id=c1,${socketAt('indented')} -mon c1,mode=control,pretty=on`,
    `-chardev socket,id=c2,${socketAt('telnet')},telnet=on -mon chardev=c2,mode=control,pretty=off`,
    '-chardev file,id=c3,path=@DIR@/written -mon c3,mode=control',
    `-chardev socket,id=c4,${socketAt('human')},logfile=@DIR@/logged -mon chardev=c4,mode=readline`,
    `-chardev socket,id=c5,${socketAt('human2')} -mon c5 -chardev null,id=c6 -mon c6`,
    '-monitor unix:@DIR@/human3,server=on,wait=off -monitor null -qmp null',
  ].flatMap((line) => line.split(' ')),
  monitors: 1,
};

/** A client that says bytes and waits for some. */
class Talk {
  readonly #socket: Socket;
  #heard = '';
  #news = (): void => {};

  constructor(t: CaseContext, name: string) {
    this.#socket = connect({ path: join(t.scratch, name) });
    this.#socket.setEncoding('latin1').on('error', () => this.#socket.destroy());
    this.#socket.on('data', (text: string) => {
      this.#heard += text;
      this.#news();
    });
    this.#socket.on('close', () => this.#news());
    t.cleanup(async () => {
      this.#socket.destroy();
    });
  }

  /** What came since the last call, up to `end`, which has to come. */
  async until(end: string): Promise<string> {
    while (!this.#heard.includes(end)) {
      if (this.#socket.destroyed) throw new Error(`the connection ends before ${JSON.stringify(end)}`);
      await new Promise<void>((resolve) => {
        this.#news = resolve;
      });
    }
    const length = this.#heard.indexOf(end) + end.length;
    const text = this.#heard.slice(0, length);
    this.#heard = this.#heard.slice(length);
    return text;
  }

  say(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  leave(): void {
    this.#socket.end();
  }
}

/** RFC 854, 856 to 858: the server echoes, goes ahead and sends bytes, and the client is to send bytes. */
const TELNET_GREETING = '\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00';
const NEGOTIATE = '{"execute":"qmp_capabilities"}';
const DONE = '{"return": {}}\r\n';
const DONE_INDENTED = '{\r\n    "return": {\r\n    }\r\n}\r\n';
/** How a message ends. */
const endOf = (indented: boolean): string => (indented ? '\r\n}\r\n' : '\r\n');
const PROMPT = '(qemu) ';

/** States that a monitor greets and answers, each message on one line, or indented. */
async function checkControl(t: CaseContext, talk: Talk, indented: boolean): Promise<void> {
  const end = endOf(indented);
  const greeting = await talk.until(end);
  t.equal(parseJson(greeting), t.greeting, 'every monitor must greet alike');
  talk.say(NEGOTIATE);
  t.equal(
    await talk.until(end),
    indented ? DONE_INDENTED : DONE,
    'a reply must be written as the monitor is to',
  );
  talk.say('{"execute":"no-such-command","id":[1,{}]}\n{"execute":"query-status"}\n');
  const refused = parseJson(await talk.until(end));
  t.contains(refused, { id: [1, {}], error: { class: 'CommandNotFound' } }, 'a refusal must be told');
  const status = parseJson(await talk.until(end));
  t.contains(status, { return: { running: false } }, 'commands must be answered in their order');
}

/** Says a line to a human monitor, and gives what it prints: the line as a terminal shows it, and what follows. */
async function answered(talk: Talk, line: string): Promise<{ shown: string; printed: string }> {
  talk.say(line);
  const text = await talk.until(PROMPT);
  const end = text.indexOf('\r\n');
  return { shown: onTerminal(text.slice(0, end)), printed: text.slice(end + 2, -PROMPT.length) };
}

/** What a line of a terminal shows after these bytes: the cursor goes back by a backspace or `ESC [ D`, `ESC [ K` clears the rest. */
function onTerminal(text: string): string {
  let line = '';
  let at = 0;
  for (const key of text.replaceAll('\x1b[D', '\b').replaceAll('\x1b[K', '\v'))
    if (key === '\b') at -= 1;
    else if (key === '\v') line = line.slice(0, at);
    else {
      line = line.slice(0, at) + key + line.slice(at + 1);
      at += 1;
    }
  return line.trimEnd();
}

const needs = {
  commands: ['query-status', 'cont'],
  events: ['RESUME'],
  capabilities: ['drives', 'sharedFiles'],
} as const;

export const socketMonitorCases: readonly CaseDefinition[] = [
  ...(
    [
      ['plain', 'that -qmp makes', false],
      ['chosen', 'on a character device', false],
      ['pretty', 'that -qmp-pretty makes', true],
      ['indented', 'on a character device that is to indent', true],
    ] as const
  ).map(
    ([name, what, indented]): CaseDefinition => ({
      id: `monitors/${name}`,
      title: `A monitor ${what} greets, answers, tells events, and then serves the next client`,
      requirements: ['protocol/greeting', 'protocol/events-on-every-monitor', 'protocol/second-client-waits'],
      needs,
      topology: monitors,
      fresh: true,
      async run(t: CaseContext) {
        const first = new Talk(t, name);
        await checkControl(t, first, indented);
        const second = new Talk(t, name);
        await t.execute('cont');
        const event = parseJson(await first.until(endOf(indented)));
        t.contains(event, { event: 'RESUME' }, 'events must be told on every monitor');
        await t.execute('stop');
        first.leave();
        t.check(
          isJsonObject(parseJson(await second.until(endOf(indented)))),
          'the next client must be greeted',
          'it is not',
        );
      },
    }),
  ),
  {
    id: 'monitors/telnet',
    title:
      'A monitor on a telnet connection begins with its words of telnet, and those of the client are no input',
    requirements: ['protocol/greeting'],
    needs,
    topology: monitors,
    async run(t: CaseContext) {
      const talk = new Talk(t, 'telnet');
      t.equal(await talk.until(TELNET_GREETING), TELNET_GREETING, 'a telnet connection must begin so');
      talk.say('\xff\xfd\x01\xff\xfc\x03');
      await checkControl(t, talk, false);
      // In the middle of a message, and back to back.
      talk.say('{"execute":\xff\xfd\x22"qu\xff\xfb\x22\xff\xfe\x7bery-sta\xff\xfc\x00tus"}\xff\xfd\x03\n');
      t.contains(
        parseJson(await talk.until('\r\n')),
        { return: { running: false } },
        'what telnet says besides must be no input',
      );
    },
  },
  {
    id: 'monitors/into-a-file',
    title:
      'A monitor on a file writes its greeting there, and what is said on a device goes into its log too',
    requirements: ['protocol/greeting'],
    needs,
    topology: monitors,
    async run(t: CaseContext) {
      const talk = new Talk(t, 'human');
      const greeted = await talk.until(PROMPT);
      talk.say('info status\n');
      const said = greeted + (await talk.until(PROMPT));
      t.equal(
        parseJson((await bytesOf(t, join(t.scratch, 'written'))).toString()),
        t.greeting,
        'the file must hold the greeting',
      );
      t.equal(
        (await bytesOf(t, join(t.scratch, 'logged'))).toString('latin1'),
        said,
        'the log must hold what was said',
      );
    },
  },
  ...(
    [
      ['human', 'on a character device, told its mode'],
      ['human2', 'on a character device, by default'],
      ['human3', 'that -monitor makes'],
    ] as const
  ).map(
    ([name, what]): CaseDefinition => ({
      id: `monitors/${name}`,
      title: `A human monitor ${what} greets, takes keys that erase, and prints answers`,
      requirements: ['query-status/prelaunch'],
      needs,
      topology: monitors,
      fresh: true,
      async run(t: CaseContext) {
        const talk = new Talk(t, name);
        const { qemu } = (
          t.greeting.QMP as { version: { qemu: { major: number; minor: number; micro: number } } }
        ).version;
        const version = `${qemu.major}.${qemu.minor}.${qemu.micro}`;
        t.equal(
          await talk.until(PROMPT),
          `QEMU ${version} monitor - type 'help' for more information\r\n${PROMPT}`,
          'it must greet by its version',
        );
        const status = 'VM status: paused (prelaunch)\r\n';
        for (const [typed, shown, printed] of [
          ['info status\n', 'info status', status],
          ['info stbus\x7f\x7f\x7fatus\r', 'info status', status],
          ['info stbus\b\b\batus\n', 'info status', status],
          ['stopp\b\n', 'stop', ''],
          ['  info   status  \n', '  info   status', status],
          ['foo bar\n', 'foo bar', "unknown command: 'foo'\r\n"],
          ['\r', '', ''],
          ['cont\n', 'cont', ''],
          ['info status\n', 'info status', 'VM status: running\r\n'],
          ['stop\n', 'stop', ''],
          ['info status\n', 'info status', 'VM status: paused\r\n'],
        ] as const)
          t.equal(
            await answered(talk, typed),
            { shown, printed },
            `${JSON.stringify(typed)} must be shown, and answered, so`,
          );
        t.contains(await t.execute('query-status'), { status: 'paused' }, 'what is typed must be done');
        // A return and a line feed end a line each; other keys without a character do nothing.
        talk.say('info status\r\n');
        t.check((await talk.until(PROMPT)).includes('paused'), 'a return must end a line', 'it does not');
        t.equal(await talk.until(PROMPT), `\r\n${PROMPT}`, 'a line feed behind it must end another');
        talk.say('\x7f\x7f\x00\x1f\n');
        t.equal(await talk.until(PROMPT), `\r\n${PROMPT}`, 'nothing must be left of keys that say nothing');
        // Where real time passes, each key draws the whole line again: too much to read.
        const long = 'x'.repeat(t.virtualTime ? 4095 : 100);
        const beyond = t.virtualTime ? 'yy' : '';
        t.equal(
          await answered(talk, `${long}${beyond}\n`),
          { shown: long, printed: `unknown command: '${long}'\r\n` },
          'a line must be taken up to its limit',
        );
      },
    }),
  ),
  {
    id: 'monitors/left-sockets',
    title: 'Monitors listen at sockets that an endpoint left there which crashed, and nobody else is served',
    requirements: ['protocol/greeting'],
    needs: { ...needs, capabilities: [...needs.capabilities, 'owned'] },
    topology: monitors,
    fresh: true,
    async run(t: CaseContext) {
      const old = new Talk(t, 'plain');
      await checkControl(t, old, false);
      await t.restart('kill');
      for (const [name, indented] of [
        ['plain', false],
        ['pretty', true],
        ['chosen', false],
      ] as const) {
        await checkControl(t, new Talk(t, name), indented);
      }
      const human = new Talk(t, 'human');
      await human.until(PROMPT);
      t.equal((await answered(human, 'cont\n')).printed, '', 'a command must be done');
      t.contains(
        await t.execute('query-status'),
        { status: 'running' },
        'it must be the new one that is told',
      );
    },
  },
];
