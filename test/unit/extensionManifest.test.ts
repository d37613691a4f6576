/** Holds package.json to the code: commands, settings, context keys, views and files, each in both directions. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import {
  commandIds,
  contextKeys,
  documentScheme,
  environmentsFile,
  internalCommandIds,
  stackTraceExtension,
  stackTraceLanguage,
  taskLogLanguage,
  viewIds,
} from '../../src/extension/commandIds.ts';
import { environmentFileTemplate } from '../../src/extension/settings/environmentFileTemplate.ts';
import {
  choiceSettings,
  switchSettings,
  listSettings,
  environmentsKey,
  numberSettings,
  settingsSection,
} from '../../src/extension/settings/settings.ts';
import { parseEnvironments } from '../../src/model/parseEnvironments.ts';

const root = resolve(import.meta.dirname, '../..');

interface Menu {
  readonly command: string;
  readonly when?: string;
}

interface Setting {
  readonly default: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: unknown;
  readonly enum?: readonly string[];
  readonly enumDescriptions?: readonly string[];
}

interface Manifest {
  readonly icon: string;
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string; readonly icon: string }[]>>;
    readonly viewsContainers: { readonly activitybar: readonly { readonly id: string; readonly icon: string }[] };
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string; readonly when: string }[];
    readonly menus: Readonly<Record<string, readonly Menu[]>>;
    readonly keybindings: readonly (Menu & { readonly key: string })[];
    readonly configuration: { readonly properties: Readonly<Record<string, Setting>> };
    readonly languages: readonly { readonly id: string; readonly extensions: readonly string[] }[];
    readonly grammars: readonly { readonly language: string; readonly path: string }[];
    readonly jsonValidation: readonly { readonly fileMatch: string; readonly url: string }[];
    readonly walkthroughs: readonly {
      readonly steps: readonly {
        readonly description: string;
        readonly media: { readonly markdown: string };
        readonly completionEvents: readonly string[];
      }[];
    }[];
  };
}

// The casts name what the tests below look into; a missing part fails them.
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const { contributes } = manifest;
const schema = JSON.parse(readFileSync(join(root, 'media/ingest-trace.schema.json'), 'utf8')) as {
  readonly definitions: { readonly environments: { readonly items: unknown } };
};
const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
const sources = readdirSync(join(root, 'src/extension'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(join(root, 'src/extension', file), 'utf8') }));

const sorted = (values: Iterable<string>) => [...values].sort();
const contributed = contributes.commands.map(({ command }) => command);

test('package.json contributes exactly the commands of commandIds', () => {
  assert.deepEqual(sorted(contributed), sorted(Object.values(commandIds)));
});

test('every command is handled in one of the command tables', () => {
  const handled = sources
    .filter(({ file }) => file.startsWith('commands'))
    .flatMap(({ text }) =>
      [...text.matchAll(/\[((?:commandIds|internalCommandIds)\.\w+)\]: \(/g)].map((match) => match[1] ?? ''),
    );
  const known = [
    ...Object.keys(commandIds).map((name) => `commandIds.${name}`),
    ...Object.keys(internalCommandIds).map((name) => `internalCommandIds.${name}`),
  ];
  assert.deepEqual(sorted(handled), sorted(known));
});

test('internal commands are contributed nowhere', () => {
  const text = JSON.stringify(contributes);
  for (const id of Object.values(internalCommandIds)) assert.ok(!text.includes(id), id);
});

test('every command has a title and the category of the palette', () => {
  for (const { command, title, category } of contributes.commands) {
    assert.ok(title.length > 0, command);
    assert.equal(category, 'Ingest Trace', command);
  }
});

test('menus, welcome texts and walkthroughs name commands that exist', () => {
  const ours = [...Object.values(contributes.menus), contributes.keybindings].flat().map(({ command }) => command);
  const texts = [...contributes.viewsWelcome.map(({ contents }) => contents), ...steps.map((step) => step.description)];
  const linked = texts.flatMap((text) => [...text.matchAll(/\]\(command:([^)]+)\)/g)].map((match) => match[1] ?? ''));
  const awaited = steps.flatMap(({ completionEvents }) =>
    completionEvents.filter((event) => event.startsWith('onCommand:')).map((event) => event.slice('onCommand:'.length)),
  );
  const builtIn = new Set(['workbench.trust.manage', `${viewIds.live}.focus`]);
  for (const command of [...ours, ...linked, ...awaited]) {
    assert.ok(contributed.includes(command) || builtIn.has(command), command);
  }
  assert.ok(linked.length > 5);
});

test('when clauses use the context keys and views of the code only', () => {
  const clauses = [...Object.values(contributes.menus).flat(), ...contributes.viewsWelcome].map(
    ({ when }) => when ?? '',
  );
  const known = new Set<string>([...Object.values(contextKeys), ...Object.values(viewIds)]);
  for (const clause of clauses) {
    for (const [name] of clause.matchAll(/ingestTrace\.[\w.]*\w/g)) assert.ok(known.has(name), `${name} in ${clause}`);
  }
});

test('every context key that the code sets is looked at, and the other way round', () => {
  const set = sources.flatMap(({ text }) => [...text.matchAll(/contextKeys\.(\w+)/g)].map((match) => match[1] ?? ''));
  assert.deepEqual(sorted(new Set(set)), sorted(Object.keys(contextKeys)));
  const clauses = JSON.stringify([contributes.menus, contributes.viewsWelcome]);
  for (const key of Object.values(contextKeys)) assert.ok(clauses.includes(key), key);
});

test('every empty state of a view has a welcome text, and no text waits for a state that is never set', () => {
  const declared = readFileSync(join(root, 'src/extension/commandIds.ts'), 'utf8');
  const statesOf = (key: string) => {
    const comment = new RegExp(`/\\*\\* ((?:\`\\w+\` ?)+)\\*/\\s+${key}:`).exec(declared)?.[1] ?? '';
    return [...comment.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '');
  };
  for (const [view, filled] of [
    ['live', ['ready']],
    ['history', ['searching', 'answered', 'empty']],
  ] as const) {
    const welcomed = contributes.viewsWelcome
      .filter((welcome) => welcome.view === viewIds[view])
      .map(({ when }) => when.split(' == ')[1] ?? '');
    assert.deepEqual(sorted([...welcomed, ...filled]), sorted(statesOf(view)));
  }
});

test('package.json contributes exactly the views of the code', () => {
  const views = Object.values(contributes.views).flat();
  assert.deepEqual(sorted(views.map(({ id }) => id)), sorted(Object.values(viewIds)));
  const containers = contributes.viewsContainers.activitybar.map(({ id }) => id);
  assert.deepEqual(Object.keys(contributes.views), containers);
});

test('package.json declares exactly the settings that are read, with the same defaults and bounds', () => {
  const { [`${settingsSection}.${environmentsKey}`]: environments, ...others } = contributes.configuration.properties;
  assert.deepEqual(environments?.default, []);
  const choices = Object.entries(others).filter(([, setting]) => setting.enum !== undefined);
  assert.deepEqual(
    Object.fromEntries(choices.map(([key, setting]) => [key, setting.enum])),
    Object.fromEntries(
      Object.entries(choiceSettings).map(([key, values]) => [`${settingsSection}.${key}`, [...values]]),
    ),
  );
  for (const [key, setting] of choices) {
    assert.equal(setting.default, setting.enum?.[0], key);
    assert.equal(setting.enumDescriptions?.length, setting.enum?.length, key);
  }
  const numbers = Object.entries(others).filter(([, setting]) => typeof setting.default === 'number');
  const switches = Object.entries(others).filter(([, setting]) => typeof setting.default === 'boolean');
  assert.deepEqual(
    Object.fromEntries(switches.map(([key, setting]) => [key, setting.default])),
    Object.fromEntries(Object.entries(switchSettings).map(([key, value]) => [`${settingsSection}.${key}`, value])),
  );
  const lists = Object.entries(others).filter(([, setting]) => Array.isArray(setting.default));
  assert.deepEqual(
    lists.map(([key, setting]) => [key, setting.default]),
    listSettings.map((key) => [`${settingsSection}.${key}`, []]),
  );
  assert.equal(choices.length + switches.length + lists.length + numbers.length, Object.keys(others).length);
  const declared = Object.fromEntries(
    numbers.map(([key, { default: value, minimum, maximum }]) => [key, { minimum, maximum, default: value }]),
  );
  const read = Object.fromEntries(
    Object.entries(numberSettings).map(([key, bounds]) => [`${settingsSection}.${key}`, { ...bounds }]),
  );
  assert.deepEqual(declared, read);
});

test('settings that name servers or limits are restricted to trusted workspaces, and exist', () => {
  const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  assert.ok(restrictedConfigurations.includes('ingestTrace.environments'));
  for (const key of restrictedConfigurations) assert.ok(key in contributes.configuration.properties, key);
});

test('the setting and ingest-trace.json share one schema for an environment', () => {
  assert.deepEqual(
    contributes.configuration.properties['ingestTrace.environments']?.items,
    schema.definitions.environments.items,
  );
});

test('the schema accepts what the reader accepts, and refuses what it refuses', () => {
  const validate = new Ajv({ strict: false }).compile(schema);
  const accepted: unknown[] = [
    JSON.parse(environmentFileTemplate),
    { environments: [{ name: 'a', logs: 'file:///logs' }] },
    { environments: [{ name: 'a', coordinators: [], repository: 'git@host:a/b' }] },
    { environments: [{ name: 'a', logs: 'file:///logs', retain: '12w' }] },
    { environments: [] },
    [{ name: 'a', logs: 'file:///logs' }],
  ];
  const refused: unknown[] = [
    { environments: [{ name: 'a' }] },
    { environments: [{ logs: 'file:///logs' }] },
    { environments: [{ name: 'a', logs: 'http://host/logs' }] },
    { environments: [{ name: 'a', logs: 'file:///logs', token: 'x' }] },
    { environments: [{ name: 'a', coordinators: ['ftp://host'] }] },
    { environments: [{ name: 'a', logs: 'file:///logs', paths: [{ from: '/a' }] }] },
    { environments: [{ name: 'a', logs: 'file:///logs', retain: '90' }] },
    { environments: {} },
    [{ name: 'a' }],
    'environments',
    {},
  ];
  for (const value of accepted) {
    assert.equal(validate(value), true, JSON.stringify(value));
    assert.equal(parseEnvironments(value).kind, 'environments', JSON.stringify(value));
  }
  for (const value of refused) {
    assert.equal(validate(value), false, JSON.stringify(value));
    assert.equal(parseEnvironments(value).kind, 'problems', JSON.stringify(value));
  }
});

test('every file that package.json names is there', () => {
  const files = [
    manifest.icon,
    ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
    ...Object.values(contributes.views)
      .flat()
      .map(({ icon }) => icon),
    ...contributes.grammars.map(({ path }) => path),
    ...contributes.jsonValidation.map(({ url }) => url),
    ...steps.map(({ media }) => media.markdown),
  ];
  for (const file of files) assert.ok(existsSync(join(root, file)), file);
});

test('the names that documents and files go by are the same in package.json and in the code', () => {
  assert.deepEqual(
    contributes.languages.map(({ id }) => id),
    [taskLogLanguage, stackTraceLanguage],
  );
  assert.deepEqual(contributes.languages[1]?.extensions, [stackTraceExtension]);
  assert.deepEqual(
    contributes.grammars.map(({ language }) => language),
    [taskLogLanguage, stackTraceLanguage],
  );
  assert.deepEqual(
    contributes.jsonValidation.map(({ fileMatch }) => fileMatch),
    [`/${environmentsFile}`],
  );
  assert.ok(JSON.stringify(contributes.menus).includes(`resourceScheme == ${documentScheme}`));
});
