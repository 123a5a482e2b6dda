// The sheet's looks: ComfyUI's own colours where it names them. Goes with the element.

export const STYLES = `
.hd-sheet-host{position:relative;width:100%;height:100%;min-height:200px}
.hd-sheet{--hd-line:#ffffff24;--hd-text:var(--input-text,#eceef2);--hd-dim:var(--descrip-text,#a9aeb8);--hd-lock:#4fc36b;--hd-ban:#e5675c;--hd-accent:#4a9eff;
 position:absolute;inset:0;box-sizing:border-box;overflow-y:auto;padding:6px 8px;background:var(--comfy-input-bg,#1b1c1f);color:var(--hd-text);border:1px solid var(--hd-line);border-radius:8px;
 font:12px/1.35 Inter,system-ui,sans-serif;text-align:left;outline:none;scrollbar-width:thin;scrollbar-color:var(--hd-line) transparent;user-select:none;-webkit-user-select:none}
.hd-sheet:focus-visible{border-color:var(--hd-accent)}
.hd-sheet *{box-sizing:border-box}
.hd-sheet button{font:inherit;color:inherit;background:none;border:0;padding:0;margin:0;cursor:pointer}
.hd-sheet button:disabled{cursor:default}
.hd-sheet button:focus-visible{outline:2px solid var(--hd-accent);outline-offset:1px}
.hd-sheet p{margin:0;padding:10px 6px;color:var(--hd-dim)}
.hd-sheet p[role=alert]{color:#ffcf8a}
.hd-sheet p button{text-decoration:underline}
.hd-found{display:flex;align-items:baseline;gap:6px;padding:6px 0 3px;border-top:1px solid var(--hd-line)}
.hd-found:first-of-type{border-top:0;padding-top:0}
.hd-found b{text-transform:capitalize;font-weight:600;flex:none}
.hd-found span{color:var(--hd-dim);overflow:hidden;text-overflow:ellipsis;white-space:nowrap;flex:1;min-width:0}
.hd-found em{color:var(--hd-dim);font-style:normal;flex:none}
.hd-sheet .hd-free{color:var(--hd-accent);flex:none}
.hd-hits{display:grid;grid-template-columns:repeat(auto-fill,minmax(68px,1fr));gap:6px;padding-bottom:6px}
.hd-hit{position:relative;min-width:0}
.hd-sheet .hd-pick{display:block;width:100%;text-align:left;border-radius:6px}
.hd-tile{position:relative;display:block;width:100%;aspect-ratio:1;max-height:96px;border-radius:6px;overflow:hidden;background:#ffffff14;box-shadow:0 0 0 1px var(--hd-line)}
.hd-tile canvas{width:100%;height:100%;display:block;object-fit:cover}
.hd-pick:hover:not(:disabled) .hd-tile{box-shadow:0 0 0 2px var(--hd-text)}
.hd-hit[data-state=locked] .hd-tile{box-shadow:0 0 0 3px var(--hd-lock)}
.hd-hit[data-state=banned] .hd-tile{box-shadow:0 0 0 2px var(--hd-ban)}
.hd-hit[data-state=banned] canvas{opacity:.3;filter:grayscale(1)}
.hd-badge{position:absolute;left:3px;top:3px;width:18px;height:18px;padding:2px;border-radius:9px;background:var(--hd-lock);color:#06210d;display:none}
.hd-hit[data-state=locked] .hd-badge{display:block}
.hd-sheet .hd-ban{position:absolute;right:3px;top:3px;width:20px;height:20px;padding:3px;border-radius:10px;background:#000a;color:#fff;opacity:0}
.hd-hit:is(:hover,:focus-within) .hd-ban,.hd-hit[data-state=banned] .hd-ban{opacity:1}
.hd-hit[data-state=banned] .hd-ban,.hd-sheet .hd-ban:hover{background:var(--hd-ban)}
.hd-sheet svg{width:100%;height:100%;display:block;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;pointer-events:none}
.hd-caption{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-size:11px;padding-top:2px}
.hd-score{display:block;color:var(--hd-dim);font-size:10.5px;font-variant-numeric:tabular-nums}
.hd-hit[data-state=banned] .hd-caption{text-decoration:line-through;color:var(--hd-dim)}
`
