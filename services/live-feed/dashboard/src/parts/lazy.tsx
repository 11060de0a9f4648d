import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** A page that is loaded when it is first shown. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): (props: P) => JSX.Element {
  let loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [Page, show] = useState<ComponentType<P> | null>(() => loaded);
    const [failed, fail] = useState(false);
    useEffect(() => {
      if (Page) return;
      load().then(
        (page) => {
          loaded = page;
          show(() => page);
        },
        () => fail(true),
      );
    }, []);
    if (failed) return <p class="empty">This page did not load. Reload to try again.</p>;
    return Page ? <Page {...props} /> : <p class="loading">Loading …</p>;
  };
}
