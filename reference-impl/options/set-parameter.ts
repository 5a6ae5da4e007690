/** `-set GROUP.ID.NAME=VALUE`: a parameter of an option that came before. */
import { splitOptions } from '../qapi/keyval.ts';
import { type Option, OptionError } from './argv.ts';

/** Changes the option that is meant, in `options`. Throws `OptionError`. */
export function setParameter({ value, where }: Option, options: Option[]): void {
  const [, group, id, name, text] = /^([^.]+)\.([^.]+)\.([^=]+)=(.*)$/s.exec(value) ?? [];
  if (group === undefined) throw new OptionError(`${where}: can't parse: "${value}"`);
  const at = options.findIndex(
    (option) => option.step === group && splitOptions(option.value).includes(`id=${id}`),
  );
  if (at < 0) throw new OptionError(`${where}: there is no ${group} "${id}" defined`);
  const meant = options[at]!;
  options[at] = { ...meant, value: `${meant.value},${name}=${text!.replaceAll(',', ',,')}` };
}
