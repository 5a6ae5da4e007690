/** All mistakes that can be planted, and the profile that plants several. */
import { EFFECT_MISTAKES, offerCommit } from './effect-mistakes.ts';
import type { Mistake } from './mistake.ts';
import { admits, limitRate, PROTOCOL_MISTAKES } from './protocol-mistakes.ts';
import { Refusal } from './refusal.ts';
import { STATE_MISTAKES } from './state-mistakes.ts';
import type { Vmm } from './vmm.ts';

export const MISTAKES: readonly Mistake[] = [...PROTOCOL_MISTAKES, ...EFFECT_MISTAKES, ...STATE_MISTAKES];

/** Plants mistakes by their names. Throws a `RangeError` for a name that none has. */
export function plant(vmm: Vmm, names: readonly string[]): void {
  for (const name of names) {
    const mistake = MISTAKES.find((one) => one.name === name);
    if (mistake === undefined) throw new RangeError(`there is no mistake '${name}'`);
    mistake.plant(vmm);
  }
}

/** What StratoVirt's manual says of its QMP: how it greets, how many commands a second it takes, and the like. */
export function likeStratoVirt(vmm: Vmm): void {
  const { wire } = vmm;
  vmm.version = { StratoVirt: { major: 0n, minor: 0n, micro: 1n }, package: '' };
  wire.greeting = { QMP: { version: vmm.version, capabilities: [] } };
  wire.isOpenAtOnce = true;
  wire.mostPerRead = 1;
  vmm.commands.set('query-qmp-schema', { takes: {}, run: () => ({}) });
  offerCommit(vmm);
  admits(vmm, ({ id }) =>
    id === undefined || typeof id === 'string'
      ? null
      : new Refusal("invalid type for 'id', expected a string"),
  );
  limitRate(vmm, 100, 'OperationThrottled');
}
