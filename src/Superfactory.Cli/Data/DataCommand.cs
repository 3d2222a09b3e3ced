using System.CommandLine;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Data;

/// <summary><c>superfactory data</c>: prepares, lists and verifies corpora.</summary>
internal static class DataCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal) => new("data", "Prepare, list and verify corpora.")
    {
        DataPrepareCommand.Create(terminal),
        DataListCommand.Create(terminal),
        DataVerifyCommand.Create(terminal),
    };
}
