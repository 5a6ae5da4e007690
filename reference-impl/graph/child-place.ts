/** Which option of a definition a child is for, by the name of the child. */

/** `index`: where the child stands in the option's list; undefined for an option that is one child. */
export interface ChildPlace {
  readonly option: string;
  readonly index: number | undefined;
}

/** `name`: `file`, or `children.0` for an element of a list. */
export function placeOfChild(name: string): ChildPlace {
  const dot = name.indexOf('.');
  return dot < 0
    ? { option: name, index: undefined }
    : { option: name.slice(0, dot), index: Number(name.slice(dot + 1)) };
}
