/**
 * Invalid arguments as an arbitrary: valid ones with one random mutation somewhere. Shrinking simplifies the valid
 * part and keeps mutation and member.
 */
import { Arbitrary, type Random, type Stream, stream, Value } from 'fast-check';
import type { JsonObject } from '../../spec/json.ts';
import type { Command } from '../../spec/model.ts';
import { argumentsOf } from '../arbitraries/command-arguments.ts';
import type { RandomSource } from '../arbitraries/draw.ts';
import type { Live } from '../types/live-names.ts';
import { type Fault, faultOf, faultsAt } from './fault.ts';
import { type Change, MUTATIONS, type MutationName } from './mutations.ts';
import { sitesOf } from './site.ts';

const NAMES = Object.keys(MUTATIONS) as MutationName[];

/** `mutations`: which are made; all by default. */
export function faultsOf(
  command: Command,
  live: () => Live,
  mutations: readonly MutationName[] = NAMES,
): Arbitrary<Fault> {
  return new FaultArbitrary(command, argumentsOf(command, live), mutations);
}

/** One random mutation somewhere in valid arguments. */
export function randomFault(
  { name, arguments: type }: Command,
  args: JsonObject,
  random: RandomSource,
  mutations: readonly MutationName[] = NAMES,
): Fault {
  const sites = [...sitesOf(type, args, name)];
  const pick = <T>(items: readonly T[]): T => items[random.nextInt(0, items.length - 1)]!;
  for (;;) {
    // Unknown members are possible everywhere, so that this ends.
    const mutation = pick(mutations);
    const site = pick(sites);
    const changes: Change[] = [...MUTATIONS[mutation].at(site)];
    if (changes.length > 0) return faultOf(mutation, site, pick(changes), args);
  }
}

class FaultArbitrary extends Arbitrary<Fault> {
  readonly #command: Command;
  readonly #valid: Arbitrary<JsonObject>;
  readonly #mutations: readonly MutationName[];

  constructor(command: Command, valid: Arbitrary<JsonObject>, mutations: readonly MutationName[]) {
    super();
    this.#command = command;
    this.#valid = valid;
    this.#mutations = mutations;
  }

  override generate(random: Random, bias: number | undefined): Value<Fault> {
    const args = this.#valid.generate(random, bias).value;
    return new Value(randomFault(this.#command, args, random, this.#mutations), undefined);
  }

  override canShrinkWithoutContext(_value: unknown): _value is Fault {
    return false;
  }

  override shrink(fault: Fault): Stream<Value<Fault>> {
    return stream(this.#simpler(fault));
  }

  *#simpler({ mutation, path, where, valid }: Fault): IterableIterator<Value<Fault>> {
    for (const { value } of this.#valid.shrink(valid, undefined))
      for (const site of sitesOf(this.#command.arguments, value, this.#command.name))
        for (const fault of faultsAt(mutation, site, value))
          if (fault.path === path && fault.where === where) yield new Value(fault, undefined);
  }
}
