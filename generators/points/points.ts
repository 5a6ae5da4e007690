/**
 * The points of a command's schema: each member present and absent, each enum value, branch, form of an alternate and
 * limit, at every object type that its arguments reach. They are enumerated, and they measure what other values reach.
 *
 *   1. sites: every object type once, where it is nearest to the arguments;
 *   2. points: at each site, branch by branch, member by member;
 *   3. witnesses: least arguments that reach a given point;
 *   4. visits: the points that given arguments reach.
 */
import { effectsOf } from '../../spec/effects/effects-of.ts';
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Command, Member, ObjectType, SchemaType } from '../../spec/model.ts';
import { Compiler, isNodeOptions } from '../arbitraries/compile-generators.ts';
import { type Draw, MAX_DEPTH } from '../arbitraries/draw.ts';
import { bound } from '../types/bounds.ts';
import { type Branch, branchesOf, branchOf } from '../types/members.ts';
import type { Place } from '../types/roles.ts';
import { type Form, formsOf } from './form.ts';
import { pairwise } from './pairwise.ts';

export interface Point {
  /** `driver=raw`, `(raw).offset absent`, `cache.direct =true`: from the arguments, once a command. */
  readonly id: string;
  /** Value of the tag in these arguments, where they are a union. */
  readonly branch: string | undefined;
  /** The point of the branch that it is in, of whichever union is nearest. */
  readonly within: string | undefined;
  /** Arguments that reach it. */
  witness(draw: Draw): JsonObject;
}

/** An object type, and how to get there from the arguments. */
interface Site {
  readonly type: ObjectType;
  /** Ends with a dot, but for the arguments themselves. */
  readonly prefix: string;
  readonly above?: {
    readonly site: Site;
    readonly branch: Branch;
    readonly member: Member;
    readonly wrap: Wrap;
  };
}

type Wrap = (value: Json) => Json;

/** A member of one branch of a site, with the ids of its points. */
interface Slot {
  readonly member: Member;
  readonly id: string;
  readonly forms: readonly (Form & { readonly id: string })[];
}

/** The points of one command's arguments: what the schema distinguishes, each with a witness that reaches it. */
export class Points {
  readonly command: Command;
  readonly all: readonly Point[];
  readonly #compiler: Compiler;
  readonly #sites = new Map<ObjectType, Site>();
  readonly #slots = new Map<Branch, readonly Slot[]>();

  constructor(command: Command) {
    this.command = command;
    this.#compiler = new Compiler(command.name);
    this.#findSites({ type: command.arguments, prefix: '' });
    const points = new Map<string, Point>();
    for (const site of this.#sites.values())
      for (const point of this.#pointsAt(site)) if (!points.has(point.id)) points.set(point.id, point);
    this.all = [...points.values()];
  }

  /** The ids of the points that valid arguments reach, some more than once. */
  *visited(args: JsonObject): Iterable<string> {
    yield* this.#visit(this.command.arguments, args);
  }

  /** Arguments in which each two optional members of a branch come together, and each without the other. */
  *pairs(draw: Draw, tag?: string): Iterable<JsonObject> {
    const root = this.#sites.get(this.command.arguments)!;
    for (const branch of branchesOf(root.type)) {
      if (branch.tag !== tag) continue;
      const optional = branch.members.filter(({ optional: may }) => may);
      for (const row of pairwise(optional.length)) {
        const present = optional.filter((_, index) => row[index]);
        const given = Object.fromEntries(
          present.map((member) => [member.name, this.#make(root, member, draw)]),
        );
        yield this.#object(root, branch, given, draw, []);
      }
    }
  }

  /** Breadth first, so that every type is found where it is nearest. */
  #findSites(root: Site): void {
    const queue: Site[] = [root];
    for (let site = queue.shift(); site !== undefined; site = queue.shift()) {
      if (this.#sites.has(site.type)) continue;
      this.#sites.set(site.type, site);
      for (const branch of branchesOf(site.type)) {
        this.#slots.set(branch, this.#slotsOf(site, branch));
        for (const member of branch.members)
          for (const { type, wrap } of objectsIn(member.type)) {
            const above = { site, branch, member, wrap };
            queue.push({ type, prefix: `${this.#idOf(site, branch, member)}.`, above });
          }
      }
    }
  }

  #slotsOf(site: Site, branch: Branch): Slot[] {
    return branch.members
      .filter(({ name }) => name !== site.type.tag)
      .map((member) => {
        const id = this.#idOf(site, branch, member);
        const forms = formsOf(member.type, this.#place(site, member), this.#compiler);
        return { member, id, forms: forms.map((form) => ({ ...form, id: `${id} ${form.label}` })) };
      });
  }

  #idOf(site: Site, branch: Branch, member: Member): string {
    const own = branch.tag === undefined || site.type.members.includes(member) ? '' : `(${branch.tag}).`;
    return `${site.prefix}${own}${member.name}`;
  }

  *#pointsAt(site: Site): Iterable<Point> {
    for (const branch of branchesOf(site.type)) {
      const root = rootTag(site, branch);
      const point = (
        id: string,
        given: (draw: Draw) => JsonObject,
        without: readonly string[] = [],
      ): Point => ({
        id,
        branch: root,
        within: branch.tag === undefined ? undefined : tagId(site, branch.tag),
        witness: (draw) => this.#upwards(site, this.#object(site, branch, given(draw), draw, without), draw),
      });
      if (branch.tag !== undefined) yield point(tagId(site, branch.tag), () => ({}));
      for (const { member, id, forms } of this.#slots.get(branch)!) {
        const { name, optional } = member;
        yield point(`${id} present`, (draw) => ({ [name]: this.#make(site, member, draw) }));
        if (optional) yield point(`${id} absent`, () => ({}), [name]);
        for (const form of forms)
          yield point(form.id, (draw) => ({ [name]: deeper(draw, () => form.make(draw)) }));
      }
    }
  }

  /** An object of a branch: what is given, what is required, and what the command usually has, but not `without`; within bounds. */
  #object(site: Site, branch: Branch, given: JsonObject, draw: Draw, without: readonly string[]): JsonObject {
    const usual = site.above === undefined ? this.#usual(given) : [];
    const value: JsonObject = branch.tag === undefined ? {} : { [site.type.tag!]: branch.tag };
    for (const member of branch.members) {
      const { name, optional } = member;
      if (Object.hasOwn(given, name)) value[name] = given[name]!;
      else if (Object.hasOwn(value, name) || without.includes(name)) continue;
      else if (!optional || usual.includes(name)) value[name] = this.#make(site, member, draw);
    }
    bound(value, false);
    return value;
  }

  /** Gives the usual members, but none that excludes a given one. */
  #usual(given: JsonObject): string[] {
    const { usual = [], exclusive = [] } = effectsOf(this.command.name);
    const excluded = exclusive
      .map(({ members }) => members)
      .filter((members) => members.some((member) => Object.hasOwn(given, member)))
      .flat();
    return usual.filter((member) => !excluded.includes(member));
  }

  /** The arguments that hold the object at the site. */
  #upwards(site: Site, value: JsonObject, draw: Draw): JsonObject {
    if (site.above === undefined) return value;
    const { site: upper, branch, member, wrap } = site.above;
    return this.#upwards(upper, this.#object(upper, branch, { [member.name]: wrap(value) }, draw, []), draw);
  }

  #make(site: Site, member: Member, draw: Draw): Json {
    const { depth } = draw;
    draw.depth = MAX_DEPTH;
    const value = this.#compiler.generatorOf(member.type, this.#place(site, member)).generate(draw);
    draw.depth = depth;
    return value;
  }

  #place(site: Site, { name }: Member): Place {
    return {
      command: this.command.name,
      member: name,
      nodeOptions: isNodeOptions(site.type),
      nodeReference: false,
    };
  }

  *#visit(type: SchemaType, value: Json): Iterable<string> {
    if (type.kind === 'array') {
      if (Array.isArray(value)) for (const item of value) yield* this.#visit(type.element, item);
    } else if (type.kind === 'alternate') {
      const form = type.choices.find(({ kind }) => kind === (Array.isArray(value) ? 'array' : 'object'));
      if (form !== undefined) yield* this.#visit(form, value);
    } else if (type.kind === 'object' && isJsonObject(value)) {
      const branch = branchOf(type, value);
      if (branch.tag !== undefined) yield tagId(this.#sites.get(type)!, branch.tag);
      for (const { member, id, forms } of this.#slots.get(branch) ?? []) {
        if (!Object.hasOwn(value, member.name)) {
          yield `${id} absent`;
          continue;
        }
        const item = value[member.name]!;
        yield `${id} present`;
        for (const form of forms) if (form.matches(item)) yield form.id;
        yield* this.#visit(member.type, item);
      }
    }
  }
}

/** A member's value is one level below the object that it is made for. */
function deeper<T>(draw: Draw, make: () => T): T {
  draw.depth += 1;
  const value = make();
  draw.depth -= 1;
  return value;
}

/** Value of the tag of the arguments that hold an object of this branch. */
function rootTag({ above }: Site, branch: Branch): string | undefined {
  return above === undefined ? branch.tag : rootTag(above.site, above.branch);
}

function tagId(site: Site, tag: string): string {
  return `${site.prefix}${site.type.tag}=${tag}`;
}

/** The object types that a member's value may be or hold, and how to hold one. */
function objectsIn(type: SchemaType, wrap: Wrap = (value) => value): { type: ObjectType; wrap: Wrap }[] {
  if (type.kind === 'object') return [{ type, wrap }];
  if (type.kind === 'array') return objectsIn(type.element, (value) => wrap([value]));
  return type.kind === 'alternate' ? type.choices.flatMap((choice) => objectsIn(choice, wrap)) : [];
}
