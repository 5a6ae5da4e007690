/** `query-block`: the guest's drives. This endpoint has no guest and takes no `-drive` yet, so there are none. */
import type { Handler } from './command.ts';

export const queryBlock: Handler = () => [];
