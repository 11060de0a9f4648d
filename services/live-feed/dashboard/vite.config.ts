import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

/** Built into dist/, which live-feed serves. In development (`npx vite`), the API of a Cairn on port 8080 is used. */
export default defineConfig({
  plugins: [preact()],
  build: { target: 'es2022', modulePreload: { polyfill: false } },
  server: {
    proxy: {
      '/api': 'http://127.0.0.1:8080',
      '/login': 'http://127.0.0.1:8080',
      '/live': { target: 'http://127.0.0.1:8080', ws: true },
    },
  },
});
