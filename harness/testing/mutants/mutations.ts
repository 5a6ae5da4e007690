/** Where a program can be changed in one place, and what stands there then. Works on the built JavaScript. */
import { type Node, parse } from 'acorn';
import { ancestor } from 'acorn-walk';

/** One change: the text from `start` to `end` (UTF-16 offsets) gives way to `replacement`. */
export interface Mutation {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** Who does not execute this offset knows no difference. The right side of `a || b` may be left out, and `a && b` still be another. */
  readonly reachedAt: number;
  readonly kind: 'operator' | 'condition' | 'constant' | 'call';
}

const OPERATORS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '<<': '>>',
  '>>': '<<',
  '&': '|',
  '|': '&',
  '&&': '||',
  '||': '&&',
  '??': '&&',
  '+=': '-=',
  '-=': '+=',
  '|=': '&=',
  '&=': '|=',
};

/** The members of acorn's nodes that are read here. */
interface AnyNode extends Node {
  readonly operator?: string;
  readonly left?: AnyNode;
  readonly right?: AnyNode;
  readonly test?: AnyNode | null;
  readonly value?: unknown;
  readonly bigint?: string;
  readonly key?: AnyNode;
  readonly computed?: boolean;
  readonly expression?: AnyNode;
  readonly argument?: AnyNode | null;
  readonly callee?: AnyNode;
  readonly consequent?: AnyNode;
  readonly alternate?: AnyNode | null;
  readonly quasis?: readonly { readonly value: { readonly cooked?: string | null } }[];
}

/**
 * All mutations of a module, in the order of the text. What only people read is left alone: texts of errors, and what
 * chooses one of two texts.
 */
export function mutationsOf(text: string): readonly Mutation[] {
  const found: Mutation[] = [];
  const add = (kind: Mutation['kind'], { start, end }: Node, replacement: string): void => {
    found.push({ kind, start, end, reachedAt: start, replacement });
  };
  const operator = (node: AnyNode): void => {
    const other = OPERATORS[node.operator!];
    if (other === undefined || isText(node.left) || isText(node.right)) return;
    const between = text.slice(node.left!.end, node.right!.start);
    const start = node.left!.end + between.indexOf(node.operator!);
    found.push({
      kind: 'operator',
      start,
      end: start + node.operator!.length,
      reachedAt: node.left!.start,
      replacement: other,
    });
  };
  const condition = ({ test }: AnyNode): void => {
    if (test === null || test === undefined) return;
    add('condition', test, `!(${text.slice(test.start, test.end)})`);
  };
  const program = parse(text, { ecmaVersion: 'latest', sourceType: 'module' });
  ancestor(program, {
    BinaryExpression: (node) => operator(node as AnyNode),
    LogicalExpression: (node) => operator(node as AnyNode),
    AssignmentExpression: (node) => operator(node as AnyNode),
    IfStatement: (node) => condition(node as AnyNode),
    ConditionalExpression: (node) => condition(node as AnyNode),
    WhileStatement: (node) => condition(node as AnyNode),
    Literal(node, _, parents) {
      const literal = node as AnyNode;
      if (isNotRun(literal, parents as readonly AnyNode[])) return;
      const other = otherValue(literal);
      if (other !== null) add('constant', literal, other);
    },
    ExpressionStatement(node) {
      const { expression } = node as AnyNode;
      const call = expression?.type === 'AwaitExpression' ? expression.argument : expression;
      if (call?.type === 'CallExpression' && call.callee?.type !== 'Super') add('call', node, 'void 0;');
    },
  });
  const choices = choicesOfProse(program);
  return found
    .filter(({ start, end }) => !choices.some((choice) => choice.start <= start && end <= choice.end))
    .toSorted((a, b) => a.start - b.start || a.end - b.end);
}

/** The tests of the expressions that come to one text for people or another. */
function choicesOfProse(program: Node): readonly Node[] {
  const tests: Node[] = [];
  ancestor(program, {
    ConditionalExpression(node) {
      const { test, consequent, alternate } = node as AnyNode;
      if (isProse(consequent) && isProse(alternate ?? undefined)) tests.push(test!);
    },
  });
  return tests;
}

/** Names of the protocol and of the program have no space between words. */
function isProse(node: AnyNode | undefined): boolean {
  const text =
    node?.type === 'TemplateLiteral'
      ? node.quasis!.map(({ value }) => value.cooked ?? '').join('x')
      : node?.value;
  return typeof text === 'string' && /[a-z]['":,]? \S/i.test(text);
}

function isText(node: AnyNode | undefined): boolean {
  return node?.type === 'TemplateLiteral' || (node?.type === 'Literal' && typeof node.value === 'string');
}

/** A name of a module or member, or a text for people. `parents` ends with the node itself. */
function isNotRun(node: AnyNode, parents: readonly AnyNode[]): boolean {
  const parent = parents.at(-2);
  if (parent === undefined || /^(Import|Export|ExpressionStatement)/.test(parent.type)) return true;
  if (parent.key === node && parent.computed !== true) return true;
  return (
    typeof node.value === 'string' &&
    (isProse(node) || parents.some(({ type }) => /^(Throw|New)/.test(type) || type === 'ImportExpression'))
  );
}

function otherValue({ value, bigint }: AnyNode): string | null {
  if (typeof bigint === 'string') return `${BigInt(bigint) + 1n}n`;
  if (typeof value === 'number') return String(value + 1);
  if (typeof value === 'boolean') return String(!value);
  if (typeof value === 'string') return value === '' ? "'mutant'" : "''";
  return null;
}
