import type { ComponentChildren } from 'preact';
import type { Tone } from './words.js';

const SIGNS: Readonly<Record<Tone, string>> = { good: '✓', bad: '✗', warn: '!', plain: '·' };

/** A verdict of a word or two; the sign says it to who sees no colours. */
export const Mark = ({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) => (
  <span class={`mark ${tone}`}>
    <span aria-hidden="true">{SIGNS[tone]} </span>
    {children}
  </span>
);

interface NoticeProps {
  readonly tone: Tone;
  readonly title: string;
  /** Loud: told at once to who cannot see it. */
  readonly isAlarm?: boolean;
  readonly children?: ComponentChildren;
}

export const Notice = ({ tone, title, isAlarm = false, children }: NoticeProps) => (
  <div class={`notice ${tone}`} {...(isAlarm ? { role: 'alert' } : {})}>
    <p class="notice-title">
      <span aria-hidden="true">{SIGNS[tone]} </span>
      {title}
    </p>
    {children}
  </div>
);
