/** More of the guests of `hostile-guests.test.ts`; `QMPCHECK_IMAGES` says up to which seed. */
import { hostileGuests } from '../../testing/hostile-guest.ts';

hostileGuests([100, Number(process.env.QMPCHECK_IMAGES ?? 600)]);
