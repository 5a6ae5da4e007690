import type { Machine } from '../machine.ts';

export async function applyOptions(_argv: readonly string[], _machine: Machine): Promise<void> {}
