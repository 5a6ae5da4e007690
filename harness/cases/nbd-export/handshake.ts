/** What the NBD server says to each thing that a client may say before it chooses an export. */

import type { CaseContext, CaseDefinition } from '../case.ts';
import {
  ExportFlag as Flag,
  NbdInfo as Info,
  NbdOption,
  OptionReply as Reply,
} from '../helpers/peers/nbd-numbers.ts';
import {
  contextRequest,
  infoRequest,
  NbdVisitor,
  nbdString,
  type OptionAnswer,
} from '../helpers/peers/nbd-visitor.ts';
import { uint16, uint32 } from '../helpers/peers/wire-numbers.ts';
import { checkGoes, checkServed, SIZE, serve, serverNeeds, types } from './exports.ts';

const BASE = Flag.has | Flag.flush | Flag.fua | Flag.cache;

/** What was told of an export, by the kind of information. */
const told = (answers: readonly OptionAnswer[]): Map<number, Buffer> =>
  new Map(
    answers
      .filter(({ type }) => type === Reply.info)
      .map(({ data }) => [data.readUInt16BE(0), data.subarray(2)]),
  );

/** Flags of an export but for what the protocol leaves to the server. */
const known = (flags: number): number => flags & ~(Flag.multi | Flag.fastZero);

export const handshakeCases: readonly CaseDefinition[] = [
  {
    id: 'nbd-export/reserved-zeroes',
    title:
      'Chosen in the oldest way an export is told with 124 zeroes, and without them to who declined them',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      for (const [flags, zeroes] of [
        [1, 124],
        [3, 0],
      ] as const) {
        const visitor = await NbdVisitor.open(t, socket, flags);
        const got = await visitor.exportName('disk', zeroes);
        t.equal(got.size, SIZE, 'the export must be as long as its node');
        t.equal(
          known(got.flags),
          BASE | Flag.trim | Flag.writeZeroes,
          'the flags must say what the export can do',
        );
        t.check(
          got.zeroes.every((byte) => byte === 0),
          'the reserved bytes must be zeroes',
          'one is not',
        );
        await checkServed(t, visitor);
      }
    },
  },
  {
    id: 'nbd-export/unknown-flags',
    title: 'A client that answers the greeting with a flag that was not offered is let go',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      for (const flags of [4 | 3, 2 ** 31 + 1]) {
        const visitor = await NbdVisitor.open(t, socket, flags);
        await visitor.checkEnds('a flag that it does not know');
      }
      await checkGoes(t, await NbdVisitor.open(t, socket));
    },
  },
  {
    id: 'nbd-export/oldest-way-unknown',
    title: 'Who asks in the oldest way for an export that is not there is let go',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      const visitor = await NbdVisitor.open(t, socket);
      visitor.say(NbdOption.exportName, Buffer.from('other'));
      await visitor.checkEnds('a request for an export that it does not have');
    },
  },
  {
    id: 'nbd-export/list',
    title: 'Every export is listed by its name; the list takes no data',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket, node } = await serve(t);
      await t.execute('nbd-server-add', { device: node, name: 'disk.2_b-c', writable: true });
      await t.execute('nbd-server-add', { device: node, writable: true });
      const visitor = await NbdVisitor.open(t, socket);
      const answers = await visitor.option(NbdOption.list);
      t.equal(
        types(answers),
        [Reply.server, Reply.server, Reply.server, Reply.ack],
        'every export must be listed once',
      );
      const names = answers.slice(0, 3).map(({ data }) => data.toString('utf8', 4, 4 + data.readUInt32BE(0)));
      t.equal(
        names.toSorted(),
        ['disk', 'disk.2_b-c', node].toSorted(),
        'the list must have the names as they were given',
      );
      t.equal(
        types(await visitor.option(NbdOption.list, Buffer.from('x'))),
        [Reply.invalid],
        'a list with data must be refused',
      );
      await checkGoes(t, visitor);
    },
  },
  {
    id: 'nbd-export/abort',
    title: 'A client that takes its leave is told so, and let go',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      const visitor = await NbdVisitor.open(t, socket);
      t.equal(types(await visitor.option(NbdOption.abort)), [Reply.ack], 'an abort must be acknowledged');
      await visitor.checkEnds('an abort');
    },
  },
  {
    id: 'nbd-export/unknown-options',
    title: 'Options that the server does not know are refused as such, with data and without; it haggles on',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      const visitor = await NbdVisitor.open(t, socket);
      for (const [code, data] of [
        [4, ''],
        [42, 'some data'],
        [2 ** 32 - 1, ''],
      ] as const)
        t.equal(
          types(await visitor.option(code, Buffer.from(data))),
          [Reply.unsupported],
          'an unknown option must be refused as unsupported',
        );
      t.equal(
        types(await visitor.option(NbdOption.startTls)),
        [Reply.policy],
        'TLS must be refused without credentials',
      );
      await checkGoes(t, visitor);
    },
  },
  ...([NbdOption.info, NbdOption.go] as const).map((option): CaseDefinition => {
    const isGo = option === NbdOption.go;
    return {
      id: isGo ? 'nbd-export/go' : 'nbd-export/info',
      title: isGo
        ? 'GO tells what INFO tells, and the client has the export'
        : 'INFO tells size and flags of an export, and what else was asked for, and chooses nothing',
      requirements: ['nbd-server-start/serves', 'nbd-server-add/writable'],
      needs: serverNeeds,
      async run(t: CaseContext) {
        const { socket } = await serve(t);
        for (const kinds of [[], [Info.name], [Info.blockSize], [Info.name, Info.blockSize, 77]]) {
          const visitor = await NbdVisitor.open(t, socket);
          const answers = await visitor.option(option, infoRequest('disk', ...kinds));
          const infos = told(answers);
          t.check(
            types(answers)
              .slice(0, -1)
              .every((type) => type === Reply.info),
            'only information must come before the end',
            'something else comes',
          );
          const size = infos.get(Info.export);
          t.check(size?.length === 10, 'size and flags must be told', 'they are not');
          t.equal(Number(size.readBigUInt64BE(0)), SIZE, 'the size must be that of the node');
          t.equal(
            known(size.readUInt16BE(8)),
            BASE | Flag.trim | Flag.writeZeroes,
            'the flags must say what the export can do',
          );
          if (kinds.includes(Info.name))
            t.equal(infos.get(Info.name)?.toString() ?? null, 'disk', 'the name must be told to who asks');
          else t.check(!infos.has(Info.name), 'the name must not be told to who does not ask', 'it is');
          if (kinds.includes(Info.blockSize)) {
            const sizes = infos.get(Info.blockSize);
            t.check(sizes?.length === 12, 'block sizes must be told to who asks', 'they are not');
            const [least, good, most] = [0, 4, 8].map((at) => sizes.readUInt32BE(at));
            t.equal(
              [least!, good!, most!],
              [1, 4096, 32 * 1024 * 1024],
              'block sizes must be those that requests are taken with',
            );
          }
          if (isGo) await checkServed(t, visitor);
          else await checkGoes(t, visitor);
        }
      },
    };
  }),
  {
    id: 'nbd-export/malformed-options',
    title:
      'Options whose data end too early or too late, or name no export, are refused; the server haggles on',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      const visitor = await NbdVisitor.open(t, socket);
      const whole = infoRequest('disk', Info.name);
      const { invalid, unknown } = Reply;
      const expected: [string, number, Buffer, number][] = [];
      for (const [name, option] of [
        ['INFO', NbdOption.info],
        ['GO', NbdOption.go],
      ] as const)
        expected.push(
          [`${name} without data`, option, Buffer.alloc(0), invalid],
          [`${name} with half a name`, option, whole.subarray(0, 6), invalid],
          [`${name} without its last byte`, option, whole.subarray(0, -1), invalid],
          [`${name} with a byte too many`, option, Buffer.concat([whole, Buffer.alloc(1)]), invalid],
          [
            `${name} with more kinds than it has`,
            option,
            Buffer.concat([nbdString('disk'), uint16(2), uint16(Info.name)]),
            invalid,
          ],
          [`${name} of no export`, option, infoRequest('other', Info.name), unknown],
          [`${name} of half the name`, option, infoRequest('dis'), unknown],
        );
      expected.push(
        [
          'contexts before structured replies',
          NbdOption.setContexts,
          contextRequest('disk', 'base:allocation'),
          invalid,
        ],
        ['structured replies with data', NbdOption.structured, Buffer.from('x'), invalid],
      );
      for (const [what, option, data, refusal] of expected)
        t.equal(types(await visitor.option(option, data)), [refusal], `${what} must be refused`);
      t.equal(
        types(await visitor.option(NbdOption.structured)),
        [Reply.ack],
        'structured replies must be to be had',
      );
      for (const [what, option, data, refusal] of [
        ['contexts of no export', NbdOption.setContexts, contextRequest('other', 'base:allocation'), unknown],
        [
          'contexts that break off',
          NbdOption.setContexts,
          Buffer.concat([nbdString('disk'), uint32(2), nbdString('base:allocation')]),
          invalid,
        ],
      ] as const)
        t.equal(types(await visitor.option(option, data)), [refusal], `${what} must be refused`);
      const flags = told(await visitor.option(NbdOption.info, infoRequest('disk')))
        .get(Info.export)!
        .readUInt16BE(8);
      t.equal(
        known(flags),
        BASE | Flag.trim | Flag.writeZeroes | Flag.df,
        'with structured replies the export must say that it can leave them whole',
      );
    },
  },
  {
    id: 'nbd-export/read-only-flags',
    title: 'An export that is not writable says so, and offers no request that changes it',
    requirements: ['nbd-server-add/writable'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t, { writable: false });
      const visitor = await NbdVisitor.open(t, socket);
      const got = await visitor.exportName('disk', 0);
      t.equal(
        got.flags & (Flag.has | Flag.readOnly | Flag.trim | Flag.writeZeroes),
        Flag.has | Flag.readOnly,
        'the flags must say that the export is read-only',
      );
      t.equal(
        got.flags & Flag.multi,
        Flag.multi,
        'an export that nobody writes must be one for several clients',
        { severity: 'should' },
      );
    },
  },
  {
    id: 'nbd-export/contexts',
    title: 'Metadata contexts are listed, each alone and by their kind, and selected by their whole name',
    requirements: ['nbd-server-start/serves'],
    needs: serverNeeds,
    async run(t: CaseContext) {
      const { socket } = await serve(t);
      const visitor = await NbdVisitor.open(t, socket);
      await visitor.option(NbdOption.structured);
      const listed = async (option: number, ...queries: readonly string[]): Promise<string[]> => {
        const answers = await visitor.option(option, contextRequest('disk', ...queries));
        t.equal(answers.at(-1)?.type ?? null, Reply.ack, 'contexts must be told to who asks as is right');
        return answers.slice(0, -1).map(({ data }) => data.toString('utf8', 4));
      };
      const { listContexts, setContexts } = NbdOption;
      for (const queries of [[], ['base:allocation'], ['base:'], ['other:', 'base:allocation']])
        t.equal(
          await listed(listContexts, ...queries),
          ['base:allocation'],
          'the context must be listed that was asked for',
        );
      for (const queries of [['base:alloc'], ['other:'], ['base:allocation2'], ['']])
        t.equal(await listed(listContexts, ...queries), [], 'a context that is not there must not be listed');
      for (const queries of [[], ['base:'], ['base:alloc'], ['other:x']])
        t.equal(await listed(setContexts, ...queries), [], 'only a whole name must select a context');
      for (const queries of [['base:allocation'], ['other:x', 'base:allocation']])
        t.equal(
          await listed(setContexts, ...queries),
          ['base:allocation'],
          'a context must be selected by its name',
        );
    },
  },
];
