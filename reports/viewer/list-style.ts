/** What the list of runs adds to the style sheet of the reports. */

export const listStyle = `
main{max-width:76rem}
header{max-width:76rem}
.filters{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;margin:0 0 .8rem}
.filters label{display:grid;font-size:.82rem;color:var(--muted)}
.filters label:first-child{flex:1 1 16rem}
input[type=search],select,button{font:inherit;font-size:.95rem;color:var(--ink);background:var(--paper);border:1px solid var(--rule);border-radius:4px;padding:.35rem .55rem}
button{cursor:pointer}
button:hover:not(:disabled){background:var(--panel)}
button:disabled{color:var(--muted);cursor:not-allowed}
#count{color:var(--muted);font-size:.9rem;padding-bottom:.4rem}
.runs{list-style:none;margin:0;padding:0;border-top:1px solid var(--rule)}
.run{display:grid;grid-template-columns:1.6rem minmax(13rem,1.1fr) minmax(14rem,1.5fr) 8rem 8.5rem auto;gap:.2rem 1rem;align-items:start;padding:.6rem .3rem;border-bottom:1px solid var(--grid);content-visibility:auto;contain-intrinsic-size:auto 4.6rem}
.run[hidden]{display:none}
.run:hover,.run:focus-within{background:var(--panel)}
.run:has(:checked){box-shadow:inset 3px 0 var(--link)}
.what{min-width:0;overflow-wrap:anywhere;grid-column:2}
.what small{display:block}
.what .id{font-size:.78rem}
.what .tag{margin-right:.5rem}
.open{text-decoration:none}
.open:hover{text-decoration:underline}
.open span{white-space:nowrap}
.run .verdict{margin:0;font-size:.92rem;overflow-wrap:anywhere}
.broken .verdict{grid-column:3/6;color:var(--muted)}
.spark{margin:0}
.spark svg{display:block;width:120px;height:30px;overflow:visible}
.spark polyline{fill:none;stroke-width:1.6;stroke-linejoin:round}
.spark figcaption{font-size:.72rem;color:var(--muted);line-height:1.2}
${[1, 2, 3, 4, 5, 6].map((n) => `.spark .arm-${n} polyline{stroke:var(--arm-${n})}.spark .arm-${n} circle{fill:var(--arm-${n})}`).join('')}
.state small{display:block}
.badge.live{background:var(--link);color:var(--paper)}
progress{width:100%;height:.5rem;accent-color:var(--link)}
.do{grid-column:6;display:grid;gap:.2rem;justify-items:end;font-size:.85rem}
.delete{font-size:.82rem;padding:.15rem .5rem;color:var(--muted)}
.pick{padding:.15rem}
.pick input{width:1.1rem;height:1.1rem;margin:0;accent-color:var(--link)}
.bar{position:sticky;bottom:0;display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center;background:var(--panel);border:1px solid var(--rule);border-radius:6px 6px 0 0;padding:.6rem .9rem;margin-top:.8rem}
.bar[hidden],.bar [hidden]{display:none}
.bar #bar-says{flex:1 1 14rem;overflow-wrap:anywhere}
#compare:not(:disabled){background:var(--link);border-color:var(--link);color:var(--paper)}
dialog{color:var(--ink);background:var(--paper);border:1px solid var(--rule);border-radius:8px;max-width:min(30rem,calc(100vw - 2rem));overflow-wrap:anywhere}
dialog::backdrop{background:rgb(0 0 0/.45)}
.says{color:var(--bad-ink)}
.buttons{display:flex;gap:.6rem;justify-content:end}
#confirm-yes{background:var(--bad-bg);color:var(--bad-ink);border-color:var(--bad-ink)}
@media (max-width:62rem){
.run{grid-template-columns:1.6rem 1fr auto}
.what{grid-column:2}.do{grid-column:3;grid-row:1}
.run .verdict,.broken .verdict{grid-column:2/4}
.spark{grid-column:2}.state{grid-column:3}
}
@media print{.filters,.bar,.do,.pick{display:none}}
`;
