using System.CommandLine;
using Superfactory.Model;

namespace Superfactory.Cli.CommandLine;

/// <summary><c>superfactory version</c>: the versions of the program and of what its parts say to each other.</summary>
internal static class VersionCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var json = Settings.Json();
        var command = new Command("version", "Show the program's version.") { json };
        command.SetAction(parsed =>
        {
            var version = typeof(VersionCommand).Assembly.GetName().Version!.ToString(fieldCount: 3);
            if (parsed.GetValue(json))
            {
                terminal.Json(new { Version = version, Protocol = FactoryJson.ProtocolVersion });
            }
            else
            {
                terminal.Line($"superfactory {version} (protocol {FactoryJson.ProtocolVersion})");
            }

            return ExitCode.Done;
        });
        return command;
    }
}
