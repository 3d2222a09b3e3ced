using System.CommandLine;
using Superfactory.Lab.Fibre;

namespace Superfactory.Cli.Lab;

/// <summary><c>superfactory lab-fibre</c>: the process that carries a laboratory's packets; no user calls it.</summary>
internal static class FibreCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "lab-fibre";

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var arguments = new Argument<string[]>("ARGUMENTS") { Arity = ArgumentArity.ZeroOrMore };
        var held = new Option<bool>("--held");
        var command = new Command(Name, "Carry a laboratory's packets (internal).") { arguments, held };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) =>
            FibreProgram.RunAsync([.. parsed.GetValue(arguments) ?? [], .. parsed.GetValue(held) ? [FibreProgram.Held] : Array.Empty<string>()], Console.Out, cancellation));
        return command;
    }
}
