/ A table of one trade, as examples of tables use it.

trade:([]time:enlist 09:30:00.000;sym:enlist`a;price:enlist 10.75;size:enlist 100i)
