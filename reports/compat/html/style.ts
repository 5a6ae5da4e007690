/** The style sheet of the report: one for screens small and large, light and dark, and for paper. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1a2230;--dim:#5a6577;--line:#dfe3ea;--accent:#2453c9;--soft:#eef2fb;
--pass:#17753d;--pass-bg:#e3f4e9;--fail:#b3202c;--fail-bg:#fde8e8;--crash:#fff;--crash-bg:#7a1020;--timeout:#8c2f6b;--timeout-bg:#fbe6f4;--error:#3d4654;--error-bg:#d5dae2;--warn:#8a5300;--warn-bg:#fdf0d8;--info:#1f5fae;--info-bg:#e4effc;--known:#6a3fa0;--known-bg:#f0e8fa;--skip:#5a6577;--skip-bg:#eceff3;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
@media (prefers-color-scheme:dark){:root{--bg:#11151c;--card:#1a202b;--ink:#e6eaf1;--dim:#9aa6b8;--line:#2d3645;--accent:#8fb0ff;--soft:#222b3d;
--pass:#6fd394;--pass-bg:#163324;--fail:#ff9090;--fail-bg:#45191d;--crash:#2b0509;--crash-bg:#ff8f8f;--timeout:#f5a3dc;--timeout-bg:#43183a;--error:#dde3ec;--error-bg:#434c5b;--warn:#f2bf6c;--warn-bg:#3d2c10;--info:#8dbdf7;--info-bg:#182f4c;--known:#c9a8f5;--known-bg:#322247;--skip:#9aa6b8;--skip-bg:#262d39}}
*{box-sizing:border-box}html{scroll-padding-top:4rem;-webkit-text-size-adjust:100%}
body{margin:0;overflow-wrap:break-word;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header.top>div,footer{max-width:1180px;margin:0 auto;padding:0 1.25rem}
h1{font-size:1.75rem;line-height:1.2;margin:.2rem 0 .4rem;letter-spacing:-.02em}h2{font-size:1.25rem;margin:2.5rem 0 .75rem;letter-spacing:-.01em}h3{font-size:1rem;margin:1.2rem 0 .4rem}h4{margin:0 0 .5rem;font-size:.95rem}h5{margin:.5rem 0 .2rem;font-size:.72rem;text-transform:uppercase;letter-spacing:.06em;color:var(--dim)}
p{margin:.3rem 0}a{color:var(--accent)}code,pre{font-family:var(--mono);font-size:.8125rem;overflow-wrap:anywhere}
pre{white-space:pre-wrap;margin:0;padding:.6rem .75rem;background:var(--bg);border:1px solid var(--line);border-radius:8px;max-height:26rem;overflow:auto}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
.dim{color:var(--dim)}.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip-link{position:absolute;left:-99rem}.skip-link:focus{left:1rem;top:.5rem;background:var(--card);padding:.5rem 1rem;z-index:9}
header.top{background:var(--card);border-bottom:1px solid var(--line);padding:1.6rem 0 1.2rem}
.brand{font-weight:700;font-size:.8rem;letter-spacing:.04em;color:var(--accent)}
nav{position:sticky;top:0;z-index:5;background:var(--card);border-bottom:1px solid var(--line)}
nav ul{max-width:1180px;margin:0 auto;padding:0 1.25rem;display:flex;gap:1.4rem;list-style:none;overflow-x:auto}
nav a{display:block;padding:.7rem 0;text-decoration:none;color:var(--dim);font-weight:600;font-size:.875rem;white-space:nowrap}nav a:hover{color:var(--ink)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(19rem,100%),1fr));gap:1rem;margin-top:1.25rem}
.card,.panel{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.1rem 1.25rem}.panel{margin:.7rem 0}
.card h3{margin:0;font-size:1.05rem;overflow-wrap:anywhere}.card .big{font-size:2rem;font-weight:700;letter-spacing:-.03em;line-height:1.2;margin:.5rem 0 0}
.verdict{display:inline-block;font-weight:600;font-size:.85rem;padding:.15rem .65rem;border-radius:99px;margin-top:.3rem}
.plot{display:block;width:100%;height:auto;margin:.8rem 0 .5rem}.legend{display:flex;flex-wrap:wrap;gap:.15rem .9rem;padding:0;margin:0;list-style:none;font-size:.8125rem}
dl.facts{display:grid;grid-template-columns:auto 1fr;gap:.1rem .9rem;margin:.8rem 0 0;font-size:.8125rem}dl.facts dt{color:var(--dim)}dl.facts dd{margin:0;text-align:right;overflow-wrap:anywhere}
.badge{display:inline-block;font-size:.75rem;font-weight:600;padding:.05rem .5rem;border-radius:99px;white-space:nowrap}
.sign{display:inline-block;width:1.5rem;height:1.5rem;line-height:1.5rem;text-align:center;border-radius:6px;font-weight:700;font-size:.8rem}
.pass{color:var(--pass);background:var(--pass-bg)}.fail,.must{color:var(--fail);background:var(--fail-bg)}.crash{color:var(--crash);background:var(--crash-bg)}.timeout{color:var(--timeout);background:var(--timeout-bg)}.error{color:var(--error);background:var(--error-bg)}.warn,.flaky,.should,.text{color:var(--warn);background:var(--warn-bg)}.info,.may{color:var(--info);background:var(--info-bg)}.known{color:var(--known);background:var(--known-bg)}.skip,.untested,.absent{color:var(--skip);background:var(--skip-bg)}
.untested{background:none}.absent{opacity:.8}
.fill-pass{fill:var(--pass)}.fill-fail{fill:var(--fail)}.fill-crash{fill:var(--crash-bg)}.fill-timeout{fill:var(--timeout)}.fill-error{fill:var(--error)}.fill-warn{fill:var(--warn)}.fill-info{fill:var(--info)}.fill-known{fill:var(--known)}.fill-skip{fill:var(--line)}
.swatch{display:inline-block;width:.7rem;height:.7rem;margin-right:.35rem}
.scroll{position:relative;overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:12px}
table{border-collapse:collapse;width:100%;font-size:.875rem}caption{text-align:left;padding:.8rem 1rem;color:var(--dim)}caption span{overflow-wrap:normal}caption>span{position:sticky;left:1rem;display:inline-block;max-width:min(calc(100vw - 4.5rem),1080px)}caption .badge{margin:.15rem .1rem 0 0}
tbody th[scope=row]{min-width:9.5rem}tbody th p{font-size:.84rem;color:var(--dim);margin:.1rem 0}tbody th p.why{color:var(--fail)}.count{white-space:nowrap}time{white-space:nowrap}
th,td{padding:.35rem .9rem;text-align:left;border-top:1px solid var(--line);vertical-align:top}td{overflow-wrap:normal}thead th{overflow-wrap:normal;border-top:0;font-size:.78rem;color:var(--dim);background:var(--card)}
tbody th{font-weight:400}tbody tr:hover{background:var(--soft)}td a{text-decoration:none;color:inherit}td a:hover{text-decoration:underline}
tr.group th{background:var(--soft);font-weight:700;font-size:.8rem}td.n{text-align:right;font-variant-numeric:tabular-nums}.count{color:var(--dim);font-size:.78rem;font-variant-numeric:tabular-nums;margin-left:.35rem}
form.filters{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;position:sticky;top:2.7rem;z-index:4;background:var(--bg);padding:.6rem 0}
input[type=search],select,button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.4rem .7rem}select{max-width:100%}input[type=search]{flex:1 1 16rem;min-width:10rem}
button{cursor:pointer}button:hover{border-color:var(--accent)}fieldset{border:0;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.35rem}
.chip{position:relative}.chip input{position:absolute;opacity:0;inset:0;margin:0;cursor:pointer}.chip span{display:inline-block;padding:.25rem .7rem;border:1px solid var(--line);border-radius:99px;background:var(--card);font-size:.8125rem}.chip input:checked+span{background:var(--accent);color:var(--card);border-color:var(--accent)}.chip input:focus-visible+span{outline:3px solid var(--accent);outline-offset:2px}
#count{width:100%;font-size:.85rem;color:var(--dim)}
.theme>h3{margin:1.4rem 0 .4rem}.list{background:var(--card);border:1px solid var(--line);border-radius:12px;overflow:hidden}
.case{scroll-margin-top:3rem;border-top:1px solid var(--line);content-visibility:auto;contain-intrinsic-size:auto 3.1rem}.case:first-of-type{border-top:0}
.case>summary{display:flex;gap:.7rem;align-items:baseline;padding:.5rem 1rem;cursor:pointer;list-style:none}.case>summary::-webkit-details-marker{display:none}.case>summary:focus-visible{outline-offset:-3px}.case>summary:hover,.case[open]>summary{background:var(--soft)}
.case .signs{display:flex;gap:.25rem;flex:none}.case .what{flex:1;min-width:0}.case .what code{font-weight:600;font-size:.84rem}.case .what span{display:block;color:var(--dim);font-size:.84rem}
.case .what .why{color:var(--fail)}.case .what .noted{color:var(--info)}
.detail{padding:.6rem 1rem 1.1rem;border-top:1px solid var(--line)}.required{list-style:none;padding:0;margin:.2rem 0 .9rem}.required li{margin:.25rem 0}
.level{font-size:.7rem;font-weight:700;padding:.05rem .45rem;border-radius:5px;text-transform:uppercase;letter-spacing:.03em}
.result{border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem;margin:.7rem 0;background:var(--card)}.deviation{border-left:3px solid var(--fail);padding-left:.8rem;margin:.7rem 0}.foreseen{border-left:3px solid var(--known);padding-left:.8rem}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:.8rem}mark{background:var(--warn-bg);color:inherit;font-weight:600;box-shadow:-3px 0 0 var(--warn)}
.exchange{margin:.7rem 0}.exchange ol{padding-left:2rem}.exchange li{margin:.35rem 0}.exchange li code{display:block}.sent::before{content:"→ " / "sent "}.received::before{content:"← " / "received "}code.event::before{content:"✱ " / "event "}.at-fault{background:var(--fail-bg);border-radius:6px;padding:.25rem .4rem}.sent{font-weight:600}.received{color:var(--dim)}.event{color:var(--info);background:none}.again button{padding:.1rem .6rem;font-size:.78rem}
.drawing{margin:.9rem 0;overflow-x:auto}.drawing figcaption{font-size:.72rem;text-transform:uppercase;letter-spacing:.06em;color:var(--dim);font-weight:700;margin-bottom:.3rem}.drawing svg,svg.bars{max-width:100%;height:auto;font:12px var(--mono);fill:var(--ink)}
.node rect{fill:var(--soft);stroke:var(--line);stroke-width:1.5}.node text{text-anchor:middle;font-weight:600}.node text.dim{fill:var(--dim);font-weight:400}.node.named rect{stroke:var(--fail);stroke-width:2.5}.node.wanted rect{stroke-dasharray:6 4}.edge{fill:none;stroke:var(--dim);stroke-width:1.5}.tip{fill:var(--dim)}.role,.event{font-size:11px;fill:var(--dim)}
.axis{stroke:var(--line)}.state{fill:var(--skip)}.state.running{fill:var(--info)}.state.ready,.state.concluded{fill:var(--pass)}.state.paused,.state.standby{fill:var(--warn)}.state.aborting{fill:var(--fail)}.in{fill:var(--card);font-size:11px}.mark{stroke:var(--ink);stroke-width:1.5}
.empty{padding:2rem;text-align:center;color:var(--dim)}footer{padding:2.5rem 1.25rem;color:var(--dim);font-size:.85rem}
.causes tbody th[scope=row]{width:55%;min-width:min(24rem,58vw)}th.endpoint{min-width:6.5rem;max-width:13rem;overflow-wrap:break-word}.matrix tbody th code,.matrix td,.causes td{white-space:nowrap}.sites tbody th{max-width:min(26rem,55vw);overflow-wrap:anywhere}.matrix:has(#hide-unoffered:checked) .unoffered{display:none}p.what-failed{font-weight:600;color:var(--ink);font-size:.9rem}tbody th p.what-failed{font-size:.9rem;color:var(--ink)}tbody th details{margin:.2rem 0;font-size:.84rem}tbody th summary{cursor:pointer;color:var(--dim)}.ids{margin:.2rem 0;padding-left:1.1rem;columns:22rem 2;font-size:.8rem}p.ids{padding:0}.outcomes{min-width:12rem}.outcomes .plot{margin:.3rem 0}.trend{width:auto;max-width:100%;height:6rem}.embed{display:flex;flex-wrap:wrap;gap:.4rem 1rem;align-items:center}
.columns{columns:16rem;padding-left:1.1rem;font-size:.85rem}.broke{color:var(--fail)}.fixed{color:var(--pass)}
@media (min-width:641px){.case{scroll-margin-top:9rem}}
@media (max-width:640px){.drawing svg,svg.bars{max-width:none}body{font-size:14px}.case>summary{flex-wrap:wrap;gap:.35rem}.case .what{flex-basis:100%}form.filters{position:static}th,td{padding:.3rem .55rem}h1{font-size:1.4rem}.result{padding:.6rem}.exchange ol{padding-left:1.3rem}}
@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--dim:#444;--line:#bbb;--soft:#f3f3f3}nav,form.filters,.copy,.skip-link{display:none}body{font-size:10pt}.scroll{overflow:visible}pre{max-height:none;overflow:visible}.case{content-visibility:visible;break-inside:avoid}.card{break-inside:avoid}thead{display:table-header-group}}
`;
