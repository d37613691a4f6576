/** A native tree over plain rows: hands VS Code the rows that changed and nothing else, so that nothing flickers. */

import * as vscode from 'vscode';
import { changedNodes } from './changedNodes.ts';
import type { ViewNode } from './viewNode.ts';

/** Stands for a row as long as it is there; `node` is its latest face. */
export class NodeHandle {
  readonly id: string;
  readonly parent: NodeHandle | undefined;
  node: ViewNode;
  /** How often its children were asked for: an earlier question may be answered after a later one. */
  loads = 0;

  constructor(node: ViewNode, parent: NodeHandle | undefined) {
    this.id = node.id;
    this.node = node;
    this.parent = parent;
  }
}

export class NodeTree implements vscode.TreeDataProvider<NodeHandle>, vscode.Disposable {
  readonly #loadChildren: (node: ViewNode) => Promise<readonly ViewNode[]>;
  readonly #onDidChange = new vscode.EventEmitter<NodeHandle[] | undefined>();
  readonly #handles = new Map<string, NodeHandle>();
  #roots: readonly ViewNode[] = [];

  readonly onDidChangeTreeData = this.#onDidChange.event;

  /** @param loadChildren answers for rows whose children are `lazy`; it must not fail, but say in a row what went wrong. */
  constructor(loadChildren: (node: ViewNode) => Promise<readonly ViewNode[]>) {
    this.#loadChildren = loadChildren;
  }

  get roots(): readonly ViewNode[] {
    return this.#roots;
  }

  setRoots(roots: readonly ViewNode[]): void {
    const change = changedNodes(this.#roots, roots);
    this.#roots = roots;
    this.#forgetAllBut(roots);
    this.#updateFaces(roots);
    if (change.kind === 'roots') this.#onDidChange.fire(undefined);
    if (change.kind === 'nodes') {
      const handles = change.ids.map((id) => this.#handles.get(id)).filter((handle) => handle !== undefined);
      // A row that VS Code has never asked for needs no redrawing.
      if (handles.length > 0) this.#onDidChange.fire(handles);
    }
  }

  /** Asks for the children of these rows again. */
  reload(ids: readonly string[]): void {
    const handles = ids.map((id) => this.#handles.get(id)).filter((handle) => handle !== undefined);
    if (handles.length > 0) this.#onDidChange.fire(handles);
  }

  handleOfRoot(id: string): NodeHandle | undefined {
    const node = this.#roots.find((root) => root.id === id);
    return node && this.#handleOf(node, undefined);
  }

  getParent(handle: NodeHandle): NodeHandle | undefined {
    return handle.parent;
  }

  async getChildren(handle?: NodeHandle): Promise<NodeHandle[]> {
    if (!handle) return this.#roots.map((node) => this.#handleOf(node, undefined));
    const { children } = handle.node;
    if (children !== 'lazy') return children.map((node) => this.#handleOf(node, handle));
    const load = ++handle.loads;
    const nodes = await this.#loadChildren(handle.node);
    const isLatest = handle.loads === load;
    return nodes.map((node) => (isLatest ? undefined : this.#known(node, handle)) ?? this.#handleOf(node, handle));
  }

  getTreeItem({ node }: NodeHandle): vscode.TreeItem {
    const item = new vscode.TreeItem(node.label, collapsibleStates[node.expand]);
    item.id = node.id;
    item.contextValue = node.context;
    item.tooltip = node.tooltip ?? node.label;
    if (node.description !== undefined) item.description = node.description;
    if (node.icon) {
      item.iconPath = new vscode.ThemeIcon(
        node.icon.id,
        node.icon.color === undefined ? undefined : new vscode.ThemeColor(node.icon.color),
      );
    }
    item.accessibilityInformation = { label: [node.label, node.description, node.spoken].filter(Boolean).join(', ') };
    if (node.click) {
      item.command = { ...node.click, arguments: [this.#handles.get(node.id)] };
    }
    return item;
  }

  dispose(): void {
    this.#onDidChange.dispose();
  }

  #known({ id }: ViewNode, parent: NodeHandle | undefined): NodeHandle | undefined {
    const known = this.#handles.get(id);
    return known?.parent === parent ? known : undefined;
  }

  #handleOf(node: ViewNode, parent: NodeHandle | undefined): NodeHandle {
    const known = this.#known(node, parent);
    if (known) {
      known.node = node;
      return known;
    }
    const handle = new NodeHandle(node, parent);
    this.#handles.set(node.id, handle);
    return handle;
  }

  /** Rows that hang on a root which is gone are gone with it. */
  #forgetAllBut(roots: readonly ViewNode[]): void {
    const ids = new Set(roots.map((root) => root.id));
    for (const [id, handle] of this.#handles) {
      let root = handle;
      while (root.parent) root = root.parent;
      if (!ids.has(root.id)) this.#handles.delete(id);
    }
  }

  #updateFaces(nodes: readonly ViewNode[]): void {
    for (const node of nodes) {
      const handle = this.#handles.get(node.id);
      if (handle) handle.node = node;
      if (node.children !== 'lazy') this.#updateFaces(node.children);
    }
  }
}

const collapsibleStates: Readonly<Record<ViewNode['expand'], vscode.TreeItemCollapsibleState>> = {
  none: vscode.TreeItemCollapsibleState.None,
  collapsed: vscode.TreeItemCollapsibleState.Collapsed,
  expanded: vscode.TreeItemCollapsibleState.Expanded,
};
