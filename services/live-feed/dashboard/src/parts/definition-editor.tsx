/** The text of a definition, with completion from its schema and faults where they are. Loaded with its page alone: CodeMirror is 100 KB. */
import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  autocompletion,
  closeBrackets,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, drawSelection, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'preact/hooks';
import { keysAt, lineOf } from './definition-schema.ts';

export interface Fault {
  /** `stages[2].stall.after` */
  path: string;
  message: string;
}

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--accent)' },
  { tag: [tags.string, tags.content], color: 'var(--ink)' },
  { tag: tags.comment, color: 'var(--soft)', fontStyle: 'italic' },
  { tag: [tags.number, tags.bool, tags.keyword], color: 'var(--won)' },
]);

function complete(context: CompletionContext): CompletionResult | null {
  const word = context.matchBefore(/[\w-]*/);
  const line = context.state.doc.lineAt(context.pos);
  // Behind a colour there is a value, whose words are the writer's own.
  if (
    !word ||
    (/:\s/.test(line.text.slice(0, word.from - line.from)) &&
      !/[{,]\s*$/.test(line.text.slice(0, word.from - line.from)))
  )
    return null;
  if (word.from === word.to && !context.explicit) return null;
  const options = keysAt(context.state.doc.toString(), context.pos).map(({ key, type, info }): Completion => ({
    label: key,
    type: 'property',
    detail: type,
    apply: `${key}: `,
    ...(info ? { info } : {}),
  }));
  return options.length ? { from: word.from, options, validFor: /^[\w-]*$/ } : null;
}

export function DefinitionEditor({
  text,
  faults,
  onChange,
}: {
  /** Shown when it becomes another one; what is typed is told by `onChange`. */
  text: string;
  faults: readonly Fault[];
  onChange: (text: string) => void;
}) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);

  useEffect(() => {
    view.current = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          lintGutter(),
          yaml(),
          syntaxHighlighting(colours),
          autocompletion({ override: [complete] }),
          // Tab leaves the editor: a keyboard must be able to.
          keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
          EditorView.contentAttributes.of({ 'aria-label': 'Definition, as YAML' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    // Narrow windows scroll it sideways: by keyboard too.
    view.current.scrollDOM.tabIndex = 0;
    return () => view.current?.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const { doc } = editor.state;
    const found = faults.map(({ path, message }): Diagnostic => {
      const line = doc.line(Math.min(lineOf(doc.toString(), path), doc.lines));
      return { from: line.from, to: line.to, severity: 'error', message: path ? `${path}: ${message}` : message };
    });
    editor.dispatch(setDiagnostics(editor.state, found));
  }, [faults]);

  return <div class="editor" ref={host} />;
}
