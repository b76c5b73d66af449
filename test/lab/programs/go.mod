module crisol.invalid/lab/programs

go 1.19
