/** A long list of which only what is in sight is drawn: 1,000 cards cost as much as ten. It scrolls by itself. */
import {
  type VirtualItem,
  Virtualizer,
  elementScroll,
  observeElementOffset,
  observeElementRect,
} from '@tanstack/virtual-core';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';

/** Below it everything is drawn: the list is then found by the browser's own search, too. */
const WINDOWED_FROM = 60;
const OVERSCAN = 8;

interface Props<T> {
  items: readonly T[];
  keyOf: (item: T) => string;
  /** Height of an item before it is measured, px. */
  estimate: number;
  gap: number;
  label: string;
  children: (item: T) => ComponentChildren;
  className?: string;
  itemClass?: (item: T) => string;
}

export function VirtualList<T>(props: Props<T>) {
  return props.items.length < WINDOWED_FROM ? <PlainList {...props} /> : <WindowedList {...props} />;
}

function PlainList<T>({ items, keyOf, label, children, className, itemClass }: Props<T>) {
  return (
    <ul class={`list ${className ?? ''}`} aria-label={label}>
      {items.map((item) => (
        <li key={keyOf(item)} class={itemClass?.(item)}>
          {children(item)}
        </li>
      ))}
    </ul>
  );
}

function WindowedList<T>({ items, keyOf, estimate, gap, label, children, className, itemClass }: Props<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const options = {
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => estimate,
    getItemKey: (index: number) => keyOf(items[index]!),
    gap,
    overscan: OVERSCAN,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(0),
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLLIElement>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  return (
    <div class={`window ${className ?? ''}`} ref={scroller} tabIndex={0} role="region" aria-label={label}>
      <ul style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ key, index, start }: VirtualItem) => (
          <li
            key={key}
            data-index={index}
            ref={(element) => virtualizer.measureElement(element)}
            class={`placed ${itemClass?.(items[index]!) ?? ''}`}
            style={{ transform: `translateY(${start}px)` }}
            aria-setsize={items.length}
            aria-posinset={index + 1}
          >
            {children(items[index]!)}
          </li>
        ))}
      </ul>
    </div>
  );
}
