using System.CommandLine;
using Superfactory.Site.Gangs;
using Superfactory.Site.Gateways;
using Superfactory.Sync.Bridge;

namespace Superfactory.Cli.Hosts;

/// <summary>The processes that a site starts for itself; no user calls them.</summary>
internal static class InternalCommands
{
    /// <summary><c>superfactory gang --spec FILE</c>: supervises the processes of one gang.</summary>
    public static Command Gang()
    {
        var specification = new Option<string>("--spec") { Description = "The gang's specification.", HelpName = "FILE", Required = true };
        var command = new Command("gang", "Supervise a gang (internal).") { specification };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => GangProgram.RunAsync(parsed.GetRequiredValue(specification), cancellation));
        return command;
    }

    /// <summary><c>superfactory gateway --config FILE</c>: runs one site's gateway.</summary>
    public static Command Gateway()
    {
        var configuration = new Option<string>("--config") { Description = "The gateway's configuration.", HelpName = "FILE", Required = true };
        var command = new Command("gateway", "Run a site's gateway (internal).") { configuration };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => GatewayProgram.RunAsync(parsed.GetRequiredValue(configuration), cancellation));
        return command;
    }

    /// <summary><c>superfactory bridge --config FILE</c>: runs one island's bridge.</summary>
    public static Command Bridge()
    {
        var configuration = new Option<string>("--config") { Description = "The bridge's configuration.", HelpName = "FILE", Required = true };
        var command = new Command("bridge", "Run an island's bridge (internal).") { configuration };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => BridgeProgram.RunAsync(parsed.GetRequiredValue(configuration), cancellation));
        return command;
    }
}
