/**
 * Documentation comments: from the lines between two `##` to a `Doc`.
 *
 * Reading never fails: faults are kept in the `Doc` as diagnostics, because only a schema whose pragma requires
 * documentation is held to its rules, and the pragma may come later. `doc-check.ts` decides.
 */
import type { Diagnostic, Source } from './diagnostic.ts';
import { isName } from './names.ts';

export interface DocLine {
  /** From the `#` on. */
  readonly text: string;
  readonly line: number;
}

/** Descriptions by the name described, with the line each starts on. */
export type Descriptions = ReadonlyMap<string, number>;

/** What one documentation comment holds. */
export interface Doc {
  /** The opening `##`. */
  readonly source: Source;
  /** What it documents; absent in free-form documentation. */
  readonly symbol?: string;
  /** First paragraph after the symbol. */
  readonly summary: string;
  readonly members: Descriptions;
  readonly features: Descriptions;
  /** Names of the tagged sections present. */
  readonly sections: ReadonlySet<string>;
  /** The version named in `Since:`, as `2.12` or `0.14.0`. */
  readonly since?: string;
  /** What stands behind `Returns:` in its line. */
  readonly returns?: string;
  /** Whether it says `#optional` of something, as up to QEMU 2.9. */
  readonly optionals: boolean;
  /** Text of each section of examples, without the comment signs. */
  readonly examples: readonly string[];
  /** In the order of their lines. */
  readonly faults: readonly Diagnostic[];
}

const SECTION = /^(Returns|Errors|Since|Notes?|Examples?|TODO):(?:\s|$)(.*)/;
const DESCRIPTION = /^@([^:\s]*):(?:\s|$)/;
const ONLY_ONCE = new Set(['Returns', 'Errors', 'Since']);

/** Reads the lines after the opening `##`, the closing one left out. `early`: faults of the frame, found before. */
export function readDoc(source: Source, lines: readonly DocLine[], early: readonly Diagnostic[]): Doc {
  const reader = new DocReader(source, lines);
  reader.read();
  const { symbol, members, features, sections } = reader;
  const optionals = lines.some(({ text }) => text.includes('#optional'));
  const examples = reader.examples.map((text) => text.join('\n'));
  const faults = [...early, ...reader.faults];
  faults.sort((a, b) => a.source.line - b.source.line);
  const named = {
    ...(symbol !== undefined && { symbol }),
    ...(reader.since !== undefined && { since: reader.since }),
    ...(reader.returns !== undefined && { returns: reader.returns }),
  };
  return {
    source,
    ...named,
    summary: reader.summary(),
    members,
    features,
    sections,
    optionals,
    examples,
    faults,
  };
}

/** What a tag begins, as far as it has been read. */
interface Part {
  /** The tag, in quotes. */
  readonly what: string;
  readonly line: number;
  empty: boolean;
  /** Of the first line below the tag. */
  indent?: number;
  /** An empty line was seen. */
  blank?: boolean;
}

class DocReader {
  symbol?: string;
  since?: string;
  returns?: string;
  readonly members = new Map<string, number>();
  readonly features = new Map<string, number>();
  readonly sections = new Set<string>();
  readonly examples: string[][] = [];
  readonly faults: Diagnostic[] = [];
  readonly #source: Source;
  readonly #lines: readonly DocLine[];
  readonly #overview: string[] = [];
  /** Where text goes now, and whether that part has some yet. */
  #part: 'overview' | 'members' | 'features' | 'section' | 'example' = 'overview';
  #open: Part | undefined;
  #hasFeatures = false;

  constructor(source: Source, lines: readonly DocLine[]) {
    this.#source = source;
    this.#lines = lines;
  }

  read(): void {
    for (const [index, { text, line }] of this.#lines.entries()) {
      const content = text.slice(1);
      if (content !== '' && content[0] !== ' ') this.#fault(line, "a space must follow '#'");
      const body = content.replace(/^ /, '');
      if (index === 0 && body.startsWith('@')) this.#readSymbol(body, line);
      else if (this.symbol !== undefined) this.#readLine(body, line);
      else this.#overview.push(body);
    }
    this.#close();
  }

  summary(): string {
    const paragraph: string[] = [];
    for (const line of this.#overview) {
      if (line.trim() !== '') paragraph.push(line.trim());
      else if (paragraph.length > 0) break;
    }
    return paragraph.join(' ');
  }

  #readSymbol(body: string, line: number): void {
    const name = body.slice(1).replace(/:$/, '');
    this.symbol = name;
    if (!body.endsWith(':')) this.#fault(line, "the line that names the definition must end with ':'");
    else if (!isName(name)) this.#fault(line, `documentation of '${name}', which is not a name`);
  }

  #readLine(body: string, line: number): void {
    const described = DESCRIPTION.exec(body)?.[1];
    const section = SECTION.exec(body);
    if (described !== undefined) this.#startDescription(described, line);
    else if (section !== null) this.#startSection(section[1]!, section[2]!, line);
    else if (body === 'Features:') this.#startFeatures(line);
    else this.#readText(body, line);
  }

  #readText(body: string, line: number): void {
    this.#checkIndent(body, line);
    if (/^=+ /.test(body)) this.#fault(line, 'a heading must stand in free-form documentation');
    if (body.trim() !== '' && this.#open !== undefined) this.#open.empty = false;
    if (this.#part === 'overview') this.#overview.push(body);
    else if (this.#part === 'example') this.examples.at(-1)!.push(body);
  }

  /** What goes on below a tag is indented no less than its first line, but where new text begins after an empty line. */
  #checkIndent(body: string, line: number): void {
    const open = this.#open;
    if (open === undefined || this.#part === 'example') return;
    const indent = body.search(/\S/);
    if (indent < 0) open.blank = true;
    else if (indent === 0 && open.blank && !open.empty) this.#open = undefined;
    else if (open.indent === undefined) open.indent = indent;
    else if (indent < open.indent) this.#fault(line, `text of ${open.what} is indented less than before`);
  }

  #startDescription(name: string, line: number): void {
    const list = this.#part === 'features' ? this.features : this.members;
    const what = this.#part === 'features' ? 'feature' : 'member';
    if (this.#part === 'section' || this.#part === 'example')
      this.#fault(line, `description of '@${name}' after a tagged section`);
    else if (!isName(name)) this.#fault(line, `description of '@${name}', which is not a name`);
    else if (list.has(name)) this.#fault(line, `${what} '${name}' is described twice`);
    list.set(name, line);
    if (this.#part === 'features') this.#open = undefined;
    else this.#start('members', `'@${name}:'`, line, false);
  }

  #startFeatures(line: number): void {
    if (this.#hasFeatures) this.#fault(line, "second 'Features:' section");
    else if (this.#part === 'section' || this.#part === 'example')
      this.#fault(line, "'Features:' after a tagged section");
    this.#hasFeatures = true;
    this.#start('features', "'Features:'", line, true);
  }

  #startSection(tag: string, rest: string, line: number): void {
    if (ONLY_ONCE.has(tag) && this.sections.has(tag)) this.#fault(line, `second '${tag}:' section`);
    this.sections.add(tag);
    const version = tag === 'Since' ? /^\d+(\.\d+)+/.exec(rest)?.[0] : undefined;
    if (version !== undefined) this.since = version;
    if (tag === 'Returns') this.returns = rest;
    const example = tag.startsWith('Example');
    if (example) this.examples.push([rest]);
    this.#start(example ? 'example' : 'section', `'${tag}:'`, line, rest.trim() === '');
  }

  #start(
    part: 'members' | 'features' | 'section' | 'example',
    what: string,
    line: number,
    empty: boolean,
  ): void {
    this.#close();
    this.#part = part;
    this.#open = { what, line, empty };
  }

  #close(): void {
    if (this.#open?.empty) this.#fault(this.#open.line, `nothing follows ${this.#open.what}`);
    this.#open = undefined;
  }

  #fault(line: number, message: string): void {
    this.faults.push({ source: { ...this.#source, line }, message });
  }
}
