import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** `core/` decides, `shell/` does: a core imports contracts, the pure calendar, other core files and pure libraries, nothing else. */
const PURE_LIBRARIES = [
  'tldts',
  'isbot',
  'libphonenumber-js',
  'email-providers',
  'disposable-email-domains-js',
  're2js',
  'date-holidays',
  'yaml',
  'ajv',
  'node:crypto',
];
const TESTS = [
  '**/*.test.ts',
  '**/*.contract.ts',
  '**/testkit/**',
  'simulation/**',
  'bench/**',
  'e2e/**',
  'examples/**',
];
const CLOCKED =
  'Take a Clock (packages/clock): time, timers and randomness come from one place so that a replay gives the same bytes.';

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/**',
      '**/dist/**',
      '**/data/**',
      '**/.artifacts/**',
      'packages/contracts/src/generated/**',
      'infra/kafka/lib/**',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [importX.createNodeResolver({ extensions: ['.ts', '.tsx', '.js'] })],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
    },
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/require-await': 'off',
      // Factories return plain functions: there is no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'TSEnumDeclaration',
          message: 'Node runs the TypeScript as it is: no enums; use a union of strings.',
        },
        { selector: 'TSParameterProperty', message: 'Node runs the TypeScript as it is: no parameter properties.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'The environment is read once, in config.ts.' },
        { object: 'Math', property: 'random', message: CLOCKED },
        { object: 'performance', property: 'now', message: CLOCKED },
      ],
      'no-restricted-globals': [
        'error',
        { name: 'Date', message: CLOCKED },
        { name: 'setTimeout', message: CLOCKED },
        { name: 'setInterval', message: CLOCKED },
      ],
    },
  },
  {
    files: ['**/core/**/*.ts'],
    ignores: TESTS,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^(?!\\.{1,2}/|@cairn/contracts/|@cairn/clock/calendar\\.ts$|(?:${PURE_LIBRARIES.join('|')})(?:/|$)).+`,
              message:
                'A core imports contracts, the calendar, other core files and pure libraries; I/O belongs in shell/.',
            },
            { regex: '/shell/', message: 'A core never reaches into shell/.' },
          ],
        },
      ],
      'no-console': 'error',
    },
  },
  {
    files: [
      'packages/clock/**/*.ts',
      '**/config.ts',
      '*.config.ts',
      ...TESTS,
      'scripts/**',
      'infra/**',
      'services/live-feed/dashboard/**',
      'packages/feed-client/**',
      'packages/cli/**',
    ],
    rules: { 'no-restricted-properties': 'off', 'no-restricted-globals': 'off' },
  },
  {
    files: TESTS,
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
);
