// The editor's looks: ComfyUI's own colours where it names them, dark ones of ours elsewhere. Goes with the element, so that
// it holds wherever that is put.

/** Less leaves no room to draw; more comes from the node, never from what the palette would like. */
export const LEAST_HEIGHT = 520

export const STYLES = `
.hd-host{position:relative;width:100%;height:100%;min-height:${LEAST_HEIGHT}px}
.hd-host>.hd-editor{position:absolute;inset:0}
.hd-editor{--hd-bg:var(--comfy-menu-bg,#1f2023);--hd-deep:#141518;--hd-raised:#2c2e33;--hd-line:#3c3f46;--hd-text:#eceef2;--hd-dim:#a9aeb8;--hd-accent:#4a9eff;
 position:relative;box-sizing:border-box;display:flex;flex-direction:column;width:100%;height:100%;min-height:0;flex:1;background:var(--hd-bg);color:var(--hd-text);
 font:12px/1.35 Inter,system-ui,sans-serif;border:1px solid var(--hd-line);border-radius:8px;overflow:hidden;outline:none;user-select:none;-webkit-user-select:none;text-align:left;container-type:inline-size}
.hd-editor *{box-sizing:border-box}
.hd-editor [hidden]{display:none!important}
.hd-editor:focus-visible{border-color:var(--hd-accent)}
.hd-editor button{font:inherit;color:inherit;background:none;border:0;border-radius:6px;padding:0;margin:0;cursor:pointer}
.hd-editor button:hover:not(:disabled){background:var(--hd-raised)}
.hd-editor button:disabled{opacity:.32;cursor:default}
.hd-editor :is(button,input,select):focus-visible{outline:2px solid var(--hd-accent);outline-offset:-1px}
.hd-icon{width:18px;height:18px;fill:none;stroke:currentColor;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round;display:block;pointer-events:none}
.hd-bar{display:flex;align-items:flex-start;gap:2px;padding:4px 6px;border-bottom:1px solid var(--hd-line);flex:none}
.hd-tools{display:flex;align-items:center;flex-wrap:wrap;gap:1px;flex:1;min-width:0}
.hd-gap{flex:1}
.hd-split{width:1px;height:20px;background:var(--hd-line);margin:0 3px}
.hd-editor .hd-button{display:grid;place-items:center;width:30px;height:30px;color:var(--hd-dim)}
.hd-editor .hd-button:hover:not(:disabled){color:var(--hd-text)}
.hd-editor .hd-button[aria-pressed=true]{background:var(--hd-accent);color:#06121f}
.hd-editor .hd-small{width:22px;height:24px}
.hd-small .hd-icon{width:14px;height:14px}
.hd-field{display:flex;align-items:center;gap:6px;color:var(--hd-dim);white-space:nowrap}
.hd-editor input[type=range]{width:72px;height:16px;accent-color:var(--hd-accent);margin:0;cursor:pointer}
.hd-number{min-width:26px;color:var(--hd-text);font-variant-numeric:tabular-nums;text-align:right}
.hd-editor input:is([type=search],[type=number]),.hd-editor select{width:100%;height:26px;padding:0 8px;font:inherit;color:var(--hd-text);background:var(--hd-deep);border:1px solid var(--hd-line);border-radius:6px}
.hd-editor input::placeholder{color:var(--hd-dim)}
.hd-body{display:flex;flex:1;min-height:0}
.hd-palette{display:flex;flex-direction:column;width:196px;flex:none;border-right:1px solid var(--hd-line);min-height:0}
.hd-search{flex:none}
.hd-palette>.hd-search{margin:6px;width:calc(100% - 12px)!important}
.hd-parts{overflow-y:auto;flex:1;padding:0 4px 6px;scrollbar-width:thin;scrollbar-color:var(--hd-line) transparent}
.hd-heading{font-size:10px;letter-spacing:.06em;text-transform:uppercase;color:var(--hd-dim);padding:8px 6px 3px}
.hd-part{display:flex;align-items:center;border-radius:6px;height:25px;padding-right:2px}
.hd-part:hover,.hd-hinted{background:#ffffff0d}
.hd-chosen,.hd-chosen:hover{background:color-mix(in srgb,var(--hd-accent) 26%,transparent);box-shadow:inset 2px 0 0 var(--hd-accent)}
.hd-editor .hd-part-name{display:flex;align-items:center;gap:7px;flex:1;min-width:0;height:100%;padding:0 4px 0 7px;background:none!important}
.hd-swatch{width:14px;height:14px;border-radius:4px;border:1px solid #ffffff59;flex:none}
.hd-name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;text-transform:capitalize;flex:1;text-align:left}
.hd-unused .hd-name{color:var(--hd-dim)}
.hd-count{color:var(--hd-dim);font-size:10.5px;font-variant-numeric:tabular-nums}
.hd-part .hd-small{width:0;overflow:hidden;opacity:0}
.hd-part:is(:hover,:focus-within,.hd-chosen) .hd-small,.hd-part .hd-small[aria-pressed=true]{opacity:1;width:18px}
.hd-editor .hd-small[aria-pressed=true]{background:none;color:#ffca5f}
.hd-side{position:relative;display:flex;flex:1;min-width:0;min-height:0}
.hd-stage{position:relative;flex:1;min-width:0;overflow:hidden;background:#0b0c0e radial-gradient(#ffffff12 1px,transparent 1px) 0 0/16px 16px;touch-action:none;cursor:crosshair}
.hd-page{position:absolute;left:0;top:0;transform-origin:0 0;background:#000;box-shadow:0 0 0 calc(var(--hd-unit)*1px) #5a5e68,0 0 calc(var(--hd-unit)*24px) #000}
.hd-photo{position:absolute;inset:0;width:100%;height:100%;object-fit:contain;pointer-events:none}
.hd-map{position:absolute;inset:0;pointer-events:none}
.hd-pixels{image-rendering:pixelated}
.hd-marks{position:absolute;inset:0;width:100%;height:100%;overflow:visible;pointer-events:none}
.hd-cursor{fill:none;stroke:#fff;stroke-width:1.25px;vector-effect:non-scaling-stroke}
.hd-cursor-rim{fill:none;stroke:#000;stroke-width:3px;vector-effect:non-scaling-stroke;opacity:.55}
.hd-outline{fill:#4a9eff33;stroke:#fff;stroke-width:1.5px;stroke-dasharray:5 4;vector-effect:non-scaling-stroke}
.hd-outline-line{fill:none}
.hd-axis{stroke:#4a9eff;stroke-width:1px;stroke-dasharray:4 4;vector-effect:non-scaling-stroke;opacity:.9}
.hd-bone-rim{stroke:#000;stroke-width:6px;stroke-linecap:round;vector-effect:non-scaling-stroke;opacity:.6}
.hd-bone{stroke-width:3px;stroke-linecap:round;vector-effect:non-scaling-stroke}
.hd-joint{r:calc(var(--hd-unit)*5px);fill:#fff;stroke:#000;stroke-width:1.5px;vector-effect:non-scaling-stroke}
.hd-joint.hd-held{r:calc(var(--hd-unit)*7.5px);fill:var(--hd-accent);stroke:#fff}
.hd-handle{width:calc(var(--hd-unit)*9px);height:calc(var(--hd-unit)*9px);transform-box:fill-box;transform:translate(-50%,-50%) rotate(45deg);fill:#ffd84a;stroke:#000;stroke-width:1.5px;vector-effect:non-scaling-stroke}
.hd-handle.hd-fine{transform:translate(-50%,-50%);rx:50%;fill:#7fe3c0;width:calc(var(--hd-unit)*8px);height:calc(var(--hd-unit)*8px)}
.hd-handle.hd-held{stroke:#fff;stroke-width:2.5px}
.hd-label{font:600 calc(var(--hd-unit)*12px) Inter,system-ui,sans-serif;fill:#fff;stroke:#000;stroke-width:calc(var(--hd-unit)*3px);paint-order:stroke;transform:translate(calc(var(--hd-unit)*12px),calc(var(--hd-unit)*4px))}
.hd-status{display:flex;align-items:center;gap:10px;min-height:26px;padding:2px 6px 2px 10px;border-top:1px solid var(--hd-line);color:var(--hd-dim);flex:none;font-variant-numeric:tabular-nums}
.hd-status .hd-here{color:var(--hd-text);text-transform:capitalize;display:flex;align-items:center;gap:6px;min-width:0;overflow:hidden;white-space:nowrap}
.hd-editor .hd-text-button{padding:3px 8px;color:var(--hd-dim);white-space:nowrap}
.hd-editor .hd-text-button:hover{color:var(--hd-text)}
.hd-menu{position:absolute;z-index:5;min-width:176px;overflow-y:auto;padding:4px;background:var(--hd-raised);border:1px solid var(--hd-line);border-radius:8px;box-shadow:0 8px 28px #000a}
.hd-menu button{display:block;width:100%;padding:6px 10px!important;text-align:left;text-transform:none}
.hd-menu [role=menuitemcheckbox]::before{content:'\\2713';content:'\\2713' / '';display:inline-block;width:16px}
.hd-menu [aria-checked=false]::before{content:''}
.hd-menu button:hover:not(:disabled),.hd-menu button:focus-visible{background:var(--hd-accent)!important;color:#06121f!important;outline:none!important}
.hd-notices{position:absolute;left:10px;right:10px;bottom:10px;display:flex;flex-direction:column;gap:6px;pointer-events:none;z-index:3}
.hd-notice{display:flex;align-items:center;flex-wrap:wrap;gap:6px 8px;padding:8px 10px;background:#2b2410;border:1px solid #8a6d1d;border-radius:8px;color:#ffe9b0;pointer-events:auto;box-shadow:0 6px 20px #000a}
.hd-notice span{flex:1;min-width:140px;overflow-wrap:anywhere}
.hd-editor .hd-action{padding:4px 10px;background:var(--hd-raised);border:1px solid var(--hd-line);color:var(--hd-text)}
.hd-editor .hd-action.hd-first{background:var(--hd-accent);border-color:var(--hd-accent);color:#06121f;font-weight:600}
.hd-card{position:absolute;inset:0;z-index:4;display:flex;flex-direction:column;background:var(--hd-bg);min-height:0}
.hd-wardrobe{right:auto;width:min(280px,50%);border-right:1px solid var(--hd-line)}
.hd-panning,[data-tool=hand] .hd-stage{cursor:grab}
[data-tool=pose] .hd-stage{cursor:default}
.hd-card header{display:flex;align-items:center;gap:8px;padding:8px 8px 6px 14px;font-size:13px;font-weight:600;flex:none}
.hd-card header span{flex:1}
.hd-card .hd-scroll{overflow-y:auto;flex:1;padding:2px 14px 14px;scrollbar-width:thin;scrollbar-color:var(--hd-line) transparent}
.hd-card p{margin:0 0 10px;color:var(--hd-dim);user-select:text;-webkit-user-select:text;overflow-wrap:anywhere}
.hd-card p.hd-warning{color:#ffcf8a}
.hd-gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(82px,1fr));gap:8px}
.hd-editor .hd-preset{display:flex;flex-direction:column;align-items:center;gap:4px;padding:6px 4px;background:var(--hd-deep);border:1px solid var(--hd-line)}
.hd-editor .hd-preset:hover{border-color:var(--hd-accent)}
.hd-preset canvas{width:64px;height:96px}
.hd-preset span{color:var(--hd-dim);font-size:10.5px;text-align:center;line-height:1.2}
.hd-row{display:flex;align-items:center;gap:8px;flex-wrap:wrap;margin-bottom:8px}
.hd-row label{display:flex;align-items:center;gap:6px;color:var(--hd-dim)}
.hd-row input[type=number]{width:84px!important}
.hd-chips{display:flex;flex-wrap:wrap;gap:5px}
.hd-editor .hd-chip{display:flex;align-items:center;gap:6px;padding:4px 9px;background:var(--hd-deep);border:1px solid var(--hd-line);border-radius:14px;color:var(--hd-dim)}
.hd-editor .hd-chip[aria-pressed=true]{background:color-mix(in srgb,var(--hd-accent) 24%,transparent);border-color:var(--hd-accent);color:var(--hd-text)}
.hd-chip .hd-swatch{width:10px;height:10px}
.hd-measures{display:grid;grid-template-columns:auto 1fr auto;gap:4px 10px;align-items:center;padding:8px 10px;margin:6px 0;background:var(--hd-deep);border-radius:8px}
.hd-measures b{grid-column:1/-1;font-weight:600;text-transform:capitalize}
.hd-measures input[type=range]{width:100%!important}
.hd-hint{position:absolute;inset:0;display:none;place-content:center;justify-items:center;gap:10px;text-align:center;color:var(--hd-dim);pointer-events:none;padding:16px}
.hd-blank .hd-hint{display:grid}
.hd-hint .hd-action{pointer-events:auto}
.hd-drop{position:absolute;inset:8px;z-index:6;display:grid;place-items:center;border:2px dashed var(--hd-accent);border-radius:10px;background:#0b1a2ccc;font-size:14px;font-weight:600;pointer-events:none;text-align:center;padding:12px}
.hd-dialog{width:100vw;height:100vh;max-width:none;max-height:none;margin:0;padding:10px;border:0;background:#0b0c0e}
.hd-dialog::backdrop{background:#000c}
.hd-dialog .hd-palette{width:230px}
@container (max-width:700px){.hd-tools .hd-button{width:27px}.hd-split{margin:0 1px}.hd-palette{width:170px}}
@container (max-width:440px){.hd-palette{width:136px}.hd-part:not(:hover,:focus-within) .hd-small:not([aria-pressed=true]){display:none}.hd-count{display:none}}
`
