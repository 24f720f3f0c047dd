import typescript from 'typescript-eslint';

const rooms = ['api', 'workflows', 'activities', 'billing', 'db', 'workers', 'web', 'test'];

/**
 * What each room may import of ours besides itself. Nobody imports `api` or `workers`, but the processes and the tests. A request that bills at once
 * (a one-off invoice, a draft finalized by hand, a plan change) takes the same step as a workflow does: in the transaction that it is given.
 */
const arrows = {
  api: ['activities', 'db', 'billing'],
  activities: ['db', 'billing'],
  db: ['billing'],
  billing: [],
  workflows: [],
  workers: ['api', 'workflows', 'activities', 'db', 'billing'],
};

/** Rooms that keep to a few packages: the core has no way to the world, and workflows must stay small and deterministic. */
const packages = {
  billing: [
    'decimal\\.js',
    'zod',
    'currency-codes',
    'ohm-js',
    'temporal-polyfill',
    'jsvat',
    'node:assert.*',
    'node:crypto',
  ],
  workflows: ['@temporalio/workflow', '@temporalio/common'],
};

function importRules(room) {
  const foreign = rooms.filter((other) => other !== room && !arrows[room].includes(other));
  // Of activities, and of the core, workflows know the types.
  const typesOnly = room === 'workflows' ? ['activities', 'billing'] : [];
  const patterns = [
    {
      regex: `^(\\.\\./)+(${foreign.filter((other) => !typesOnly.includes(other)).join('|')})/`,
      message: `${room} imports nothing of that room.`,
    },
  ];
  if (typesOnly.length > 0)
    patterns.push({ regex: `^(\\.\\./)+(${typesOnly.join('|')})/`, allowTypeImports: true, message: 'Types alone.' });
  if (packages[room])
    patterns.push({ regex: `^(?!\\.|(${packages[room].join('|')})$)`, message: `${room} keeps to a few packages.` });
  return { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] };
}

const wallClock = 'Time is data: take it as the parameter `at`. Only the clocks ask what time it is.';
const noWallClock = [
  { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: wallClock },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: wallClock },
  { selector: 'Literal[value=/\\b(now\\(\\)|current_timestamp)/i]', message: wallClock },
  { selector: 'TemplateElement[value.raw=/\\b(now\\(\\)|current_timestamp)/i]', message: wallClock },
];
const noEnvironment = [
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'The environment is read in workers/config.ts, and handed on.',
  },
];
const clocks = ['api/middleware/clock.ts', 'workflows/shared/clock.ts'];

export default typescript.config(
  { ignores: ['node_modules', '.data', '**/.data', 'web/dist', 'coverage'] },
  ...typescript.configs.strict,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-constant-binary-expression': 'error',
      'no-self-compare': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
    },
  },
  ...Object.keys(arrows).map((room) => ({ files: [`${room}/**/*.ts`], rules: importRules(room) })),
  {
    files: ['{api,workflows,activities,billing,db}/**/*.ts'],
    ignores: clocks,
    rules: { 'no-restricted-syntax': ['error', ...noWallClock, ...noEnvironment] },
  },
  {
    files: clocks,
    rules: { 'no-restricted-syntax': ['error', ...noEnvironment] },
  },
  {
    files: ['workflows/**/*.ts'],
    rules: { 'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'performance', 'process', 'fetch'] },
  },
);
