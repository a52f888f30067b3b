// The mutants of scripts: node sites.mjs ACORN FILE... prints {FILE: [[start, end, after, what, function, statement]]}.
// Offsets are those of UTF-16. ACORN is the module of acorn, which parses.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [acorn, ...files] = process.argv.slice(2);
const { parse } = await import(pathToFileURL(acorn));

const COMPARED = {
  '<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'],
  '===': ['!=='], '!==': ['==='], '==': ['!='], '!=': ['=='],
};
const COMPUTED = { '+': ['-'], '-': ['+'], '*': ['/'], '%': ['*'], '<<': ['>>'], '>>': ['<<'], '>>>': ['<<'], '&': ['|'], '|': ['&'] };
const CALLED = { some: 'every', every: 'some', min: 'max', max: 'min' };

function sites(source) {
  const found = [];
  const put = (node, after, what, scope) => found.push([node.start, node.end, after, what, scope.name, scope.line]);
  const text = (node) => source.slice(node.start, node.end);

  function operator(node, names, what, scope) {
    const at = source.indexOf(node.operator, node.left.end);
    for (const name of names) put({ start: at, end: at + node.operator.length }, name, what, scope);
  }

  function condition(test, scope, values = ['true', 'false']) {
    for (const value of values) put(test, value, 'condition', scope);
  }

  const RULES = {
    BinaryExpression(node, scope) {
      const words = [node.left, node.right].some((side) => side.type === 'TemplateLiteral' || typeof side.value === 'string');
      if (COMPARED[node.operator]) {
        operator(node, COMPARED[node.operator], 'comparison', scope);
        for (const side of [node.left, node.right]) {
          if (typeof side.value === 'string') put(side, `'${side.value.replace(/[\\']/g, '')}~'`, 'compared string', scope);
        }
      } else if (COMPUTED[node.operator] && !words) operator(node, COMPUTED[node.operator], 'arithmetic', scope);
    },
    LogicalExpression(node, scope) {
      if (node.operator !== '??') {
        operator(node, [node.operator === '&&' ? '||' : '&&'], 'and/or', scope);
        for (const side of [node.left, node.right]) put(side, node.operator === '&&' ? 'true' : 'false', 'operand dropped', scope);
      } else put(node, text(node.left), 'operand dropped', scope);
    },
    UnaryExpression(node, scope) {
      if (node.operator === '!') put({ start: node.start, end: node.start + 1 }, '', 'not dropped', scope);
    },
    IfStatement: (node, scope) => condition(node.test, scope),
    ConditionalExpression: (node, scope) => condition(node.test, scope),
    WhileStatement: (node, scope) => condition(node.test, scope, ['false']),
    ThrowStatement(node, scope) {
      put(node, '{}', 'raise deleted', scope);
      return false;
    },
    ExpressionStatement(node, scope) {
      const call = node.expression.type === 'AwaitExpression' ? node.expression.argument : node.expression;
      if (call.type === 'CallExpression') put(node, '{}', 'call deleted', scope);
      if (call.type === 'AssignmentExpression') put(node, '{}', 'assignment deleted', scope);
    },
    ReturnStatement(node, scope) {
      if (!node.argument) return;
      if (!['null', 'false'].includes(text(node.argument))) put(node.argument, 'null', 'return None', scope);  // false becomes true
      if (COMPARED[node.argument.operator]) put(node.argument, `!(${text(node.argument)})`, 'return negated', scope);
    },
    ContinueStatement: (node, scope) => put(node, '{}', 'continue deleted', scope),
    CallExpression(node, scope) {
      const method = node.callee.property;
      if (method && !node.callee.computed && Object.hasOwn(CALLED, method.name)) put(method, CALLED[method.name], 'function', scope);
    },
    Literal(node, scope) {
      if (typeof node.value === 'boolean') put(node, String(!node.value), 'flag', scope);
      if (typeof node.value !== 'number' || !Number.isInteger(node.value)) return;
      put(node, String(node.value + 1), 'constant', scope);
      if (node.value > 0) put(node, String(node.value - 1), 'constant', scope);
    },
    ImportDeclaration: () => false,
    TemplateLiteral: () => false,
  };

  function walk(node, scope) {
    if (Array.isArray(node)) {
      for (const each of node) walk(each, scope);
    } else if (node && typeof node.type === 'string') {
      const name = /Function|Class|MethodDefinition/.test(node.type) && (node.id ?? node.key)?.name;
      const inner = {
        name: name ? [scope.name, name].filter(Boolean).join('.') : scope.name,
        line: /Statement|Declaration/.test(node.type) ? node.loc.start.line : scope.line,
      };
      if (RULES[node.type]?.(node, inner) === false) return;
      for (const [key, value] of Object.entries(node)) if (key !== 'loc') walk(value, inner);
    }
  }

  walk(parse(source, { ecmaVersion: 'latest', sourceType: 'module', locations: true }), { name: '', line: 1 });
  return found;
}

const all = files.map((file) => [file, sites(readFileSync(file, 'utf-8'))]);
process.stdout.write(JSON.stringify(Object.fromEntries(all)));
