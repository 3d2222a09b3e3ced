using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Lab.Running;

namespace Superfactory.Cli.Lab;

/// <summary><c>superfactory lab run SITE -- COMMAND</c>: runs a program inside a site.</summary>
internal static class LabRunCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var site = new Argument<string>("SITE") { Description = "The site." };
        var program = new Argument<string[]>("COMMAND") { Description = "The program and its arguments, after '--'.", Arity = ArgumentArity.OneOrMore };
        var name = LabCommand.Name();
        var command = new Command("run", "Run a program inside a site; its exit code is the program's.") { site, program, name };
        command.SetAction((parsed, _) => LabCommand.WithAsync(parsed, name, terminal, laboratory =>
        {
            if (Laboratory.MayRun && !laboratory.IsCarrying)
            {
                terminal.ErrorLine($"superfactory: The program that carries the packets of laboratory '{laboratory.Name}' has ended, so nothing leaves a site. Take the laboratory down and set it up again.");
            }

            // Returns only where the program could not be run: otherwise this process has become it.
            var problem = laboratory.Become(parsed.GetRequiredValue(site), parsed.GetRequiredValue(program));
            return Task.FromResult(terminal.Fail([problem], laboratory.Topology.Sites.Contains(parsed.GetRequiredValue(site)) ? ExitCode.CannotReach : ExitCode.BadInput));
        }));
        return command;
    }
}
