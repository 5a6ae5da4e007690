/** What a target offers, asked of an endpoint of its own before the first transcript is replayed. */
import { isJsonObject, type Json } from '../../../spec/json.ts';
import type { Schema } from '../../../spec/model.ts';
import {
  type Endpoint,
  StartError,
  type Target,
  type Topology,
  UnsupportedTopology,
} from '../../targets/target.ts';
import { DEFAULT_TIME_LIMITS } from '../../time-limits.ts';
import { Session } from '../endpoint-session.ts';
import { identify } from '../identify.ts';
import type { ScratchArea } from '../scratch.ts';

/** How an option, device or object type is refused that a program does not have at all. */
const UNKNOWN =
  /invalid option|unknown option|invalid object type|not a valid (device|object)|unsupported machine type|machine type does not support/i;

/** What a target offers to transcripts: its schema, and the options that it takes. */
export class Offer {
  readonly schema: Schema;
  readonly #target: Target;
  readonly #area: ScratchArea;
  readonly #options = new Map<string, Promise<string | null>>();

  private constructor(schema: Schema, target: Target, area: ScratchArea) {
    this.schema = schema;
    this.#target = target;
    this.#area = area;
  }

  /** Rejects as `Session.start` and `identify` do. */
  static async of(target: Target, area: ScratchArea): Promise<Offer> {
    const topology = topologyOf([]);
    const session = await Session.start({ target, topology, area, limits: DEFAULT_TIME_LIMITS });
    try {
      return new Offer((await identify(target, session)).endpointSchema, target, area);
    } finally {
      await session.stop();
    }
  }

  /** The first option of a command line that the target does not have, or null. */
  async missingOption(argv: readonly string[]): Promise<string | null> {
    const machine = argv.indexOf('-machine');
    const context = machine >= 0 ? argv.slice(machine, machine + 2) : [];
    for (const [option, value] of pairs(argv)) {
      const signature = optionSignature(option, value);
      let answer = this.#options.get(signature);
      if (!answer) {
        const words = value === undefined ? [option] : [option, value];
        answer = this.#tryOption(option === '-machine' ? words : [...context, ...words], signature);
        this.#options.set(signature, answer);
      }
      const lacking = await answer;
      if (lacking !== null) return lacking;
    }
    return null;
  }

  /** Only a refusal of the option itself counts: a missing image, say, shows that the option is there. */
  async #tryOption(words: readonly string[], signature: string): Promise<string | null> {
    try {
      await (await start(this.#target, this.#area, words)).stop();
      return null;
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      const unknown = error instanceof UnsupportedTopology || UNKNOWN.test(error.message);
      return unknown ? `option ${signature}` : null;
    }
  }
}

async function start(target: Target, area: ScratchArea, options: readonly string[]): Promise<Endpoint> {
  return target.start({
    topology: topologyOf(options),
    scratch: await area.make('offer'),
  });
}

function topologyOf(options: readonly string[]): Topology {
  return { name: 'offer', images: [], options, monitors: 1 };
}

function pairs(argv: readonly string[]): [string, string | undefined][] {
  return argv.flatMap((word, index): [string, string | undefined][] => {
    if (!word.startsWith('-')) return [];
    const next = argv[index + 1];
    return [[word, next?.startsWith('-') ? undefined : next]];
  });
}

/** `-drive`, `-drive if=ide`, `-object iothread`: what decides whether a target has it. */
function optionSignature(option: string, value: string | undefined): string {
  const bus = option === '-drive' ? /(?:^|,)if=(\w+)/.exec(value ?? '')?.[0].replace(',', '') : undefined;
  if (bus !== undefined) return `${option} ${bus}`;
  const typed = ['-object', '-device', '-machine'].includes(option);
  return typed && value !== undefined ? `${option} ${typeOf(value)}` : option;
}

function typeOf(value: string): string {
  if (!value.startsWith('{')) return value.split(',')[0]!.replace(/^(qom-type|driver|type)=/, '');
  const object = JSON.parse(value) as Json;
  return isJsonObject(object) ? String(object['qom-type'] ?? object.driver) : value;
}
