/** Mistakes of the protocol. */
import type { Obj } from './json-text.ts';
import type { Mistake } from './mistake.ts';
import { Refusal } from './refusal.ts';
import type { Vmm, Wire } from './vmm.ts';

/** Changes what goes out for a reply. */
function sends(vmm: Vmm, change: (reply: Obj, message: Obj) => readonly (Obj | string)[]): void {
  const { send } = vmm.wire;
  vmm.wire.send = (reply, message) =>
    send(reply, message).flatMap((sent) => (typeof sent === 'string' ? [sent] : change(sent, message)));
}

/** Refuses messages besides those that are refused anyway. */
export function admits(vmm: Vmm, admit: Wire['admit']): void {
  const before = vmm.wire.admit;
  vmm.wire.admit = (message, nth) => before(message, nth) ?? admit(message, nth);
}

const withoutId = ({ id: _id, ...reply }: Obj): Obj => reply;

export const STAMP = { seconds: 1n, microseconds: 0n };

/** At most `most` commands in any second; those beyond are refused with a class of the endpoint's own. */
export function limitRate(vmm: Vmm, most: number, errorClass: string): void {
  let taken: number[] = [];
  admits(vmm, () => {
    const now = performance.now();
    taken = taken.filter((time) => now - time < 1000);
    if (taken.length >= most) return new Refusal('Too many commands in a second', errorClass);
    taken.push(now);
    return null;
  });
}

export const PROTOCOL_MISTAKES: readonly Mistake[] = [
  {
    name: 'banner',
    title: 'prints a line of text before the greeting',
    cases: ['greeting'],
    cause: { check: 'case', message: /sends lines that are no JSON before its greeting/ },
    plant: ({ wire }) => void wire.ahead.push('ACME VMM 3.1 ready'),
  },
  {
    name: 'event-before-greeting',
    title: 'sends an event before the greeting',
    cases: ['greeting'],
    cause: { check: 'case', message: /sends events before its greeting/ },
    plant: ({ wire }) =>
      void wire.ahead.push('{"event": "RESUME", "timestamp": {"seconds": 1, "microseconds": 0}}'),
  },
  {
    name: 'greeting-own-key',
    title: 'has a member of its own beside QMP in the greeting',
    cases: ['greeting'],
    cause: { check: 'case', message: /greeting/ },
    plant: ({ wire }) => {
      wire.greeting = { ...wire.greeting, ACME: { uptime: 1n } };
    },
  },
  {
    name: 'commands-before-negotiation',
    title: 'carries out commands before qmp_capabilities',
    cases: ['negotiation'],
    cause: {
      check: 'case',
      message: /executes commands before capabilities are negotiated|query-version must be refused/,
    },
    plant: ({ wire }) => {
      wire.isOpenAtOnce = true;
    },
  },
  {
    name: 'capabilities-twice',
    title: 'takes qmp_capabilities a second time',
    cases: ['negotiation/only-once'],
    cause: { check: 'case', message: /qmp_capabilities must be refused; it was accepted/ },
    plant: ({ wire }) => {
      wire.isOpenedTwice = true;
    },
  },
  {
    name: 'id-lost-on-errors',
    title: 'leaves the id out of error replies',
    cases: ['envelope/id-on-errors'],
    cause: { check: 'case', message: /leaves out the id of a command in its reply \(lostId: on-errors\)/ },
    apart: 'replies could not be told from the second of two',
    plant: (vmm) => sends(vmm, (reply) => ['error' in reply ? withoutId(reply) : reply]),
  },
  {
    name: 'id-lost-always',
    title: 'never echoes an id',
    cases: ['envelope'],
    cause: { check: 'case', message: /leaves out the id of a command in its reply \(lostId: always\)/ },
    apart: 'there would be no ids that are wrong',
    plant: (vmm) => sends(vmm, (reply) => [withoutId(reply)]),
  },
  {
    name: 'id-lost-sometimes',
    title: 'leaves out the id of every ninth reply',
    cases: ['envelope'],
    cause: { check: 'case', message: /leaves out the id of a command in its reply \(lostId: sometimes\)/ },
    apart: 'there would be ids that are wrong, or not there',
    plant: (vmm) => {
      let count = 0;
      sends(vmm, (reply) => [++count % 9 === 0 ? withoutId(reply) : reply]);
    },
  },
  {
    name: 'id-as-text',
    title: 'sends the id back as a string',
    cases: ['envelope'],
    cause: { check: 'case', message: /replies with another id than that of the command \(changedId: text\)/ },
    apart: 'ids that are garbled could not be told from it',
    plant: (vmm) =>
      sends(vmm, (reply) => [typeof reply.id === 'bigint' ? { ...reply, id: String(reply.id) } : reply]),
  },
  {
    name: 'errors-twice',
    title: 'answers a refused command twice',
    cases: ['envelope'],
    cause: { check: 'case', message: /sends replies that nobody asked for/ },
    apart: 'replies could not be told from the second of two',
    plant: (vmm) => sends(vmm, (reply) => ('error' in reply ? [reply, reply] : [reply])),
  },
  {
    name: 'stray-line',
    title: 'prints a line for its log among the replies',
    cases: ['envelope/no-stray-lines', 'blockdev-add/creates-node'],
    cause: { check: 'case', message: /sends lines that are no JSON/ },
    plant: (vmm) =>
      sends(vmm, (reply, { execute }) =>
        execute === 'blockdev-add' ? ['acme: opening a backend', reply] : [reply],
      ),
  },
  {
    name: 'null-for-success',
    title: 'returns null where a command returns nothing',
    cases: ['envelope/success-of-a-command-without-result'],
    cause: { check: 'reply-schema', message: /blockdev-add/ },
    apart: 'every node that is made would be told as that',
    plant: (vmm) => {
      for (const name of ['blockdev-add', 'blockdev-del'])
        vmm.replace(name, (run, args) => {
          run(args);
          return null;
        });
    },
  },
  {
    name: 'one-message-per-read',
    title: 'takes one message of what it reads and drops the rest',
    cases: ['envelope/messages-together'],
    cause: { check: 'case', message: /takes one message of each packet, and loses the others/ },
    apart: 'commands that are refused for coming together would be lost',
    plant: ({ wire }) => {
      wire.mostPerRead = 1;
    },
  },
  {
    name: 'no-pipelining',
    title: 'refuses commands that are sent ahead',
    cases: ['envelope/messages-together'],
    cause: { check: 'case', message: /refuses commands that are sent ahead/ },
    plant: (vmm) =>
      admits(vmm, (_message, nth) =>
        nth === 0 ? null : new Refusal('Another command is being carried out'),
      ),
  },
  {
    name: 'rate-limit',
    title: 'takes thirty commands a second, and refuses the rest with a class of its own',
    cases: ['envelope/fast-commands'],
    cause: { check: 'case', message: /refuses commands that follow each other too fast/ },
    apart: 'a run takes as long as there are commands',
    plant: (vmm) => limitRate(vmm, 30, 'TooFast'),
  },
  {
    name: 'own-error-class',
    title: 'refuses a node that is in use with a class of its own',
    cases: ['children/in-use'],
    cause: { check: 'error-class', message: /unknown error class/ },
    plant: (vmm) =>
      vmm.replace('blockdev-del', (run, args) => {
        try {
          return run(args);
        } catch (error) {
          throw error instanceof Refusal && error.message.endsWith(' in use')
            ? new Refusal(error.message, 'NodeBusy')
            : error;
        }
      }),
  },
  {
    name: 'unknown-command-generic',
    title: 'refuses an unknown command as GenericError',
    cases: ['envelope/unknown-command'],
    cause: { check: 'case', message: /GenericError/ },
    plant: (vmm) =>
      admits(vmm, ({ execute }) =>
        vmm.commands.has(execute as string) ? null : new Refusal(`No command ${execute}`),
      ),
  },
  {
    name: 'utf-8-out',
    title: 'garbles what is not ASCII in an id',
    cases: ['envelope/id-of-each-type'],
    cause: { check: 'envelope', message: /id/ },
    plant: (vmm) =>
      sends(vmm, (reply) => [
        typeof reply.id === 'string' ? { ...reply, id: reply.id.replace(/[^ -~]/g, '?') } : reply,
      ]),
  },
];
