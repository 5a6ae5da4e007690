/** What an endpoint says of itself: query-commands, query-events, query-qmp-schema. */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { shown } from './case-text.ts';
import { queryList } from './helpers/shared-setup.ts';

async function names(t: CaseContext, command: string): Promise<string[]> {
  const list = (await queryList(t, command)).map((entry) => entry.name);
  t.check(
    list.every((name): name is string => typeof name === 'string'),
    `each entry of ${command} must have a name`,
    `one has ${shown(list.find((name) => typeof name !== 'string'))}`,
  );
  return list;
}

const schemaOf = (t: CaseContext) => queryList(t, 'query-qmp-schema');

function named(schema: readonly JsonObject[], metaType: string): string[] {
  return schema.filter((entity) => entity['meta-type'] === metaType).map((entity) => String(entity.name));
}

/** Names of the types that an entity refers to. */
function references(entity: JsonObject): Json[] {
  const lists = [entity.members, entity.variants].filter(Array.isArray).flat().filter(isJsonObject);
  return [
    entity['arg-type'],
    entity['ret-type'],
    entity['element-type'],
    ...lists.map((part) => part.type),
  ].filter((name): name is Json => name !== undefined);
}

export const introspection: readonly CaseDefinition[] = [
  {
    id: 'introspection/commands-unique',
    title: 'query-commands lists each command once',
    requirements: ['protocol/query-commands-is-the-truth'],
    needs: { commands: ['query-commands'] },
    async run(t: CaseContext) {
      const list = await names(t, 'query-commands');
      t.check(list.length > 0, 'query-commands must list commands', 'the list is empty');
      t.equal(list.toSorted(), [...new Set(list)].toSorted(), 'query-commands must list no command twice');
    },
  },
  {
    id: 'introspection/commands-known-to-be-there',
    title: 'query-commands lists the commands that this very session has used',
    requirements: ['protocol/query-commands-is-the-truth'],
    needs: { commands: ['query-commands'] },
    async run(t: CaseContext) {
      const list = await names(t, 'query-commands');
      await t.execute('query-version');
      for (const name of ['qmp_capabilities', 'query-commands', 'query-version'])
        t.check(
          list.includes(name),
          `query-commands must list ${name}, which this session has used`,
          'it does not',
        );
    },
  },
  {
    id: 'introspection/schema-agrees-with-commands',
    title: 'query-qmp-schema describes the commands that query-commands lists',
    requirements: ['protocol/query-schema-agrees'],
    needs: { commands: ['query-commands', 'query-qmp-schema'] },
    async run(t: CaseContext) {
      t.equal(
        named(await schemaOf(t), 'command').toSorted(),
        (await names(t, 'query-commands')).toSorted(),
        'query-qmp-schema must describe the commands that query-commands lists',
      );
    },
  },
  {
    id: 'introspection/schema-agrees-with-events',
    title: 'query-qmp-schema describes the events that query-events lists',
    requirements: ['protocol/query-schema-agrees', 'protocol/query-events-is-the-truth'],
    needs: { commands: ['query-events', 'query-qmp-schema'] },
    async run(t: CaseContext) {
      t.equal(
        named(await schemaOf(t), 'event').toSorted(),
        (await names(t, 'query-events')).toSorted(),
        'query-qmp-schema must describe the events that query-events lists',
      );
    },
  },
  {
    id: 'introspection/schema-names-unique',
    title: 'No two entities of query-qmp-schema have the same name, commands and types apart',
    requirements: ['protocol/query-schema-agrees'],
    needs: { commands: ['query-qmp-schema'] },
    async run(t: CaseContext) {
      const seen = new Set<string>();
      for (const entity of await schemaOf(t)) {
        const space = ['command', 'event'].includes(String(entity['meta-type']))
          ? entity['meta-type']
          : 'type';
        const key = `${space as string} ${String(entity.name)}`;
        t.check(!seen.has(key), `query-qmp-schema must describe ${key} once`, 'it does so twice');
        seen.add(key);
      }
    },
  },
  {
    id: 'introspection/schema-references-resolve',
    title: 'Every type that query-qmp-schema refers to is in it',
    requirements: ['protocol/query-schema-agrees'],
    needs: { commands: ['query-qmp-schema'] },
    async run(t: CaseContext) {
      const schema = await schemaOf(t);
      const types = new Set(
        schema
          .filter((entity) => !['command', 'event'].includes(String(entity['meta-type'])))
          .map((entity) => String(entity.name)),
      );
      for (const entity of schema)
        for (const name of references(entity))
          t.check(
            types.has(String(name)),
            `query-qmp-schema must describe type ${String(name)}, which ${String(entity.name)} uses`,
            'it does not',
          );
    },
  },
  {
    id: 'introspection/schema-tags-are-enums',
    title: 'The tag of each union is a required member of enum type, and its cases are values of that',
    requirements: ['protocol/query-schema-agrees'],
    needs: { commands: ['query-qmp-schema'] },
    async run(t: CaseContext) {
      const schema = await schemaOf(t);
      const enums = new Map(schema.filter((e) => e['meta-type'] === 'enum').map((e) => [String(e.name), e]));
      for (const union of schema.filter((entity) => 'tag' in entity)) {
        const members = (Array.isArray(union.members) ? union.members : []).filter(isJsonObject);
        const tag = members.find((member) => member.name === union.tag);
        t.check(
          tag !== undefined && !('default' in tag),
          `union ${String(union.name)} must have its tag as a required member`,
          `${shown(union.tag)} is ${tag === undefined ? 'no member' : 'optional'}`,
        );
        const values = enums.get(String(tag.type))?.values;
        t.check(
          Array.isArray(values),
          `the tag of ${String(union.name)} must be an enum`,
          `its type is ${shown(tag.type)}`,
        );
        const variants = (Array.isArray(union.variants) ? union.variants : []).filter(isJsonObject);
        for (const variant of variants)
          t.check(
            values.includes(variant.case ?? null),
            `the case ${String(variant.case)} of ${String(union.name)} must be a value of its tag`,
            'it is none',
          );
      }
    },
  },
  {
    id: 'introspection/schema-is-stable',
    title: 'query-qmp-schema returns the same twice',
    requirements: ['protocol/query-schema-agrees'],
    needs: { commands: ['query-qmp-schema'] },
    async run(t: CaseContext) {
      t.equal(
        await t.execute('query-qmp-schema'),
        await t.execute('query-qmp-schema'),
        'query-qmp-schema must return the same twice',
      );
    },
  },
];
