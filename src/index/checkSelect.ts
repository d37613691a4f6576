/**
 * Lets one SELECT over the index's views through and nothing else, by the engine's own syntax tree. The engine is locked
 * besides (readOnlySql.ts); this also keeps statements from its catalogue, its settings and the segments' files.
 */

import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';

/** Why a statement is refused, for people; `undefined` when it may run. @param tree of `json_serialize_sql`. */
export function selectProblem(tree: unknown, views: readonly string[]): string | undefined {
  if (!isJsonObject(tree)) return 'expected one SELECT statement';
  if (tree['error'] === true) {
    const message = textAt(tree, 'error_message');
    return tree['error_type'] === 'not implemented' || message.startsWith('Only SELECT')
      ? 'expected a SELECT statement; nothing else is run'
      : message;
  }
  const { statements } = tree;
  if (!Array.isArray(statements) || statements.length !== 1) {
    return `expected one statement, found ${Array.isArray(statements) ? statements.length : 0}`;
  }
  return treeProblem(statements[0] as Json, views);
}

type Scope = ReadonlySet<string>;

const queryNodes = new Set(['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE', 'CTE_NODE']);
const plainSources = new Set(['SUBQUERY', 'JOIN', 'EMPTY', 'EXPRESSION_LIST', 'PIVOT']);
const tableFunctions = new Set(['unnest', 'range', 'generate_series']);

/**
 * Functions that tell of the engine or run other text, and those that make long text of short in one step, which an
 * interrupt does not stop and the memory limit sees late.
 */
const refusedFunctions =
  /^(?:current_setting|set_config|getenv|getvariable|nextval|currval|write_log|sleep.*|add_parquet_key|in_search_path|current_(?:user|role|catalog|database|query|schemas?)|repeat|[lr]pad|bar|format|printf|(?:list|array)_resize|json_(?:execute|serialize|deserialize).*|(?:read|scan|query|pragma|duckdb|pg|has|parse_duckdb|sql|which|txid|getvar|enable|disable)_.*|query|glob)$/;

/** Walks without recursion: a statement may be nested deep. */
function treeProblem(root: Json, views: readonly string[]): string | undefined {
  const stack: [node: Json, scope: Scope][] = [[root, new Set(views)]];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [node, outer] = next;
    if (typeof node !== 'object' || node === null) continue;
    let scope = outer;
    if (isJsonObject(node)) {
      const problem = nodeProblem(node, outer, views);
      if (problem !== undefined) return problem;
      const names = namesOfCtes(node);
      if (names.length > 0) scope = new Set([...outer, ...names]);
    }
    for (const child of Object.values(node)) stack.push([child, scope]);
  }
  return undefined;
}

function nodeProblem(node: JsonObject, scope: Scope, views: readonly string[]): string | undefined {
  const { type } = node;
  if (typeof type !== 'string') return undefined;
  if (typeof node['class'] === 'string') {
    if (node['class'] !== 'FUNCTION') return undefined;
    const name = textAt(node, 'function_name').toLowerCase();
    return refusedFunctions.test(name) ? `the function ${name} is not available here` : undefined;
  }
  if ('cte_map' in node) return queryNodes.has(type) ? undefined : `${type} is not available here`;
  // Of what else has a type, only sources of rows can be sampled.
  if (!('sample' in node)) return undefined;
  switch (type) {
    case 'BASE_TABLE': {
      const [catalog, schema, table] = [
        textAt(node, 'catalog_name'),
        textAt(node, 'schema_name'),
        textAt(node, 'table_name'),
      ];
      const isKnown = catalog === '' && (schema === '' || schema.toLowerCase() === 'main');
      if (isKnown && scope.has(table.toLowerCase())) return undefined;
      return `there is no table ${JSON.stringify(table)} here: ask ${views.join(' or ')}`;
    }
    case 'TABLE_FUNCTION': {
      const call = node['function'];
      const name = isJsonObject(call) ? textAt(call, 'function_name').toLowerCase() : '';
      return tableFunctions.has(name) ? undefined : `the table function ${name} is not available here`;
    }
    case 'SHOW_REF':
      return isJsonObject(node['query']) ? undefined : `expected DESCRIBE of ${views.join(' or ')}`;
    default:
      return plainSources.has(type) ? undefined : `${type} is not available here`;
  }
}

/** Names that `WITH` gives to the whole of this query, and to nothing outside of it. */
function namesOfCtes(node: JsonObject): string[] {
  const ctes = node['cte_map'];
  const map = isJsonObject(ctes) ? ctes['map'] : undefined;
  const names = Array.isArray(map) ? map.map((entry) => (isJsonObject(entry) ? entry['key'] : undefined)) : [];
  if (typeof node['cte_name'] === 'string') names.push(node['cte_name']);
  return names.flatMap((name) => (typeof name === 'string' && /^[A-Za-z_]\w*$/.test(name) ? [name.toLowerCase()] : []));
}

function textAt(node: JsonObject, key: string): string {
  const value = node[key];
  return typeof value === 'string' ? value : '';
}
