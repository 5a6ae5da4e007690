/** Where no drive is, beside one that is: its registers remember what is written, and nothing else happens. */
import { IdeDrive } from './ide-drive.ts';

/** A place without a drive. */
export class AbsentDrive extends IdeDrive {
  override readonly isPresent = false;

  constructor() {
    super([0xff, 0xff], () => {});
  }

  protected override execute(): void {}

  protected override resetDrive(): void {}
}
