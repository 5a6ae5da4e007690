/** Guests that write anything to the disk: errors, never a crash, and nothing that is not the guest's is lost. */
import { hostileGuests } from '../../testing/hostile-guest.ts';

hostileGuests([0, 100]);
