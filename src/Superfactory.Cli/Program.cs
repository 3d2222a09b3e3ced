using Superfactory.Cli.CommandLine;

using var interruption = new Interruption();
return await CommandLineProgram.RunAsync(args, Terminal.System(), interruption.Token);
