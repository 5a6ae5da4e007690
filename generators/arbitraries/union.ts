/** Unions: every branch alike near the top, those that end soonest where it gets deep. */
import type { JsonObject } from '../../spec/json.ts';
import type { ObjectType } from '../../spec/model.ts';
import { leastDepth } from '../types/depth.ts';
import { branchesOf } from '../types/members.ts';
import type { Generator } from './generator.ts';
import { generateMembers, type MemberGenerator, shrinkMembers, simplestMembers } from './object.ts';

interface BranchGenerator {
  readonly tag: string;
  readonly members: readonly MemberGenerator[];
  readonly depth: number;
  readonly required: number;
}

export function unionGenerator(
  type: ObjectType,
  tag: string,
  membersOf: (branch: ReturnType<typeof branchesOf>[number]) => readonly MemberGenerator[],
): Generator {
  const branches: BranchGenerator[] = branchesOf(type).map((branch) => {
    const required = branch.members.filter(({ optional }) => !optional);
    return {
      tag: branch.tag!,
      members: membersOf(branch),
      depth: Math.max(0, ...required.map((member) => leastDepth(member.type))),
      required: required.length,
    };
  });
  const byTag = new Map(branches.map((branch) => [branch.tag, branch]));
  const least = Math.min(...branches.map(({ depth }) => depth));
  const shallow = branches.filter(({ depth }) => depth === least);
  const simplest = shallow.toSorted((a, b) => a.required - b.required)[0]!;
  return {
    generate(draw) {
      const branch = draw.pick(draw.exhausted ? shallow : branches);
      return generateMembers(draw, branch.members, { [tag]: branch.tag });
    },
    simplest: () => simplestMembers(simplest.members, { [tag]: simplest.tag }),
    *shrink(value) {
      const object = value as JsonObject;
      const branch = byTag.get(object[tag] as string)!;
      if (branch !== simplest) yield simplestMembers(simplest.members, { [tag]: simplest.tag });
      yield* shrinkMembers(object, branch.members, tag);
    },
  };
}
