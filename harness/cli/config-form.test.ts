import { toJsonSchema } from '@valibot/to-json-schema';
import { expect, test } from 'vitest';
import { configForm } from './config-form.ts';

test('the published schema is the form that is read (npx vitest run FILE --update writes it)', async () => {
  const schema = toJsonSchema(configForm, { target: 'draft-2020-12', ignoreActions: ['check'] });
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot('../../docs/config.schema.json');
});
