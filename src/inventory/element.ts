import { type ComponentChildren, h as create, type VNode } from 'preact';

/** Names as in HTML; a value that is absent leaves the attribute out. */
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * One element of the page. preact escapes attributes and texts; markup as text (`dangerouslySetInnerHTML`) and handlers have
 * no type that would fit here.
 */
export const h = (tag: string, attributes: Attributes | null, ...children: ComponentChildren[]): VNode =>
  create(tag, attributes, ...children);

export type Content = ComponentChildren;
export type Element = VNode;
