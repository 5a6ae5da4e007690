/** Rules of blkdebug, any of them together, held to a model of what they say. */
import { Random } from '../../../generators/random.ts';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { fileNodes, KiB, needs } from '../helpers/shared-setup.ts';
import { filledFile } from './driver-guest.ts';

const SIZE = 8 * KiB;
const SECTOR = 512;
const EVENTS = ['read_aio', 'write_aio'] as const;
type Event = (typeof EVENTS)[number];

/** An error to inject; what is absent is as by default. */
interface Injection {
  readonly event: Event;
  readonly state?: number;
  readonly errno?: number;
  readonly sector?: number;
  readonly once?: boolean;
}

/** Between states 1 and 2. */
interface Change {
  readonly event: Event;
  readonly state: 1 | 2;
}

/** EIO, ENOSPC, and none: then the rule only keeps those behind it from their turn. */
const NAMES: Readonly<Record<number, string>> = { 5: 'EIO', 28: 'ENOSPC', 0: 'done' };

/** Which rules are armed, and in which state. */
class RuleModel {
  #rules: readonly Injection[];
  readonly #changes: readonly Change[];
  #armed: readonly Injection[] = [];
  #state = 1;

  constructor(rules: readonly Injection[], changes: readonly Change[]) {
    this.#rules = rules;
    this.#changes = changes;
  }

  /** What becomes of a request for these sectors. */
  request(event: Event, first: number, count: number): string {
    const state = this.#state;
    const armed = this.#rules.filter(
      (rule) => rule.event === event && [undefined, state].includes(rule.state),
    );
    if (armed.length > 0) this.#armed = armed;
    if (this.#changes.some((change) => change.event === event && change.state === state))
      this.#state = 3 - state;
    const found = this.#armed.find(
      ({ sector }) => sector === undefined || (sector >= first && sector < first + count),
    );
    const errno = found?.errno ?? (found ? 5 : 0);
    if (found?.once === true) {
      this.#armed = this.#armed.filter((rule) => rule !== found);
      this.#rules = this.#rules.filter((rule) => rule !== found);
    }
    return NAMES[errno]!;
  }
}

function drawnRules(random: Random): Injection[] {
  return Array.from({ length: 1 + random.below(4) }, () => {
    const errno = random.chance(70) ? random.pick([28, 28, 5, 0]) : undefined;
    return {
      event: random.pick(EVENTS),
      ...(random.chance(60) && { state: 1 + random.below(2) }),
      ...(errno !== undefined && { errno }),
      ...(random.chance(50) && { sector: random.below(4) }),
      // Whether a rule without an error is used up by a request differs by version.
      ...(errno !== 0 && random.chance(40) && { once: true }),
    };
  });
}

function drawnChanges(random: Random): Change[] {
  return ([1, 2] as const).flatMap((state) =>
    random.chance(60) ? [{ event: random.pick(EVENTS), state }] : [],
  );
}

export const anyRules: readonly CaseDefinition[] = [
  {
    id: 'blkdebug/any-rules',
    title: 'Rules for errors and states do together what each of them says, request by request',
    requirements: [
      'blkdebug/inject-error',
      'blkdebug/set-state',
      'blkdebug/state',
      'blkdebug/sector',
      'blkdebug/once',
    ],
    needs: needs(fileNodes, nodeBytes, { drivers: ['blkdebug'] }),
    async run(t: CaseContext) {
      const random = new Random('blkdebug/any-rules');
      const { options: image } = await filledFile(t, SIZE, 0x11);
      for (let round = 0; round < 25; round += 1) {
        const rules = drawnRules(random);
        const changes = drawnChanges(random);
        const model = new RuleModel(rules, changes);
        const node = t.name('ruled');
        const file: JsonObject = {
          driver: 'blkdebug',
          image,
          'inject-error': rules.map((rule) => ({ ...rule })),
          ...(changes.length > 0 && {
            'set-state': changes.map(({ event, state }) => ({ event, state, new_state: 3 - state })),
          }),
        };
        await t.execute('blockdev-add', { driver: 'raw', 'node-name': node, file });
        const guest = await openIo(t, node);
        for (let step = 0; step < 12; step += 1) {
          const kind = random.pick(['read', 'write'] as const);
          const [first, count] = [random.below(4), 1 + random.below(2)];
          const range = { offset: first * SECTOR, length: count * SECTOR };
          const outcome = await guest.attempt(
            kind === 'read' ? { kind, ...range } : { kind, ...range, byte: 0x22 },
          );
          t.equal(outcome, model.request(`${kind}_aio`, first, count), 'a request must end as its rules say');
        }
        await guest.close();
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
];
