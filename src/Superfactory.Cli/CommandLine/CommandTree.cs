using System.CommandLine;
using Superfactory.Cli.Bench;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.Certificates;
using Superfactory.Cli.Chaos;
using Superfactory.Cli.Checkpoints;
using Superfactory.Cli.Copies;
using Superfactory.Cli.Data;
using Superfactory.Cli.Demo;
using Superfactory.Cli.Fleet;
using Superfactory.Cli.Hosts;
using Superfactory.Cli.Jobs;
using Superfactory.Cli.Lab;
using Superfactory.Cli.Links;
using Superfactory.Cli.Outages;
using Superfactory.Cli.Sites;
using Superfactory.Cli.Soak;
using Superfactory.Cli.Up;
using Superfactory.Model.Views;

namespace Superfactory.Cli.CommandLine;

/// <summary>Every command of the program.</summary>
internal static class CommandTree
{
    /// <summary>Makes the root command with all others below it.</summary>
    public static RootCommand Create(Terminal terminal)
    {
        var control = new ControlOption();
        return new RootCommand("Superfactory trains one model across several datacenters as one machine.")
        {
            control.Option,
            DemoCommand.Create(terminal),
            UpCommand.Create(terminal),
            ControlCommand.Create(),
            SiteCommand.Create(control, terminal),
            SubmitCommand.Create(control, terminal),
            PlanCommand.Create(control, terminal),
            WhyCommand.Create(control, terminal),
            JobCommands.Jobs(control, terminal),
            JobCommands.Job(control, terminal),
            LogsCommand.Create(control, terminal),
            JobCommands.Cancel(control, terminal),
            CheckpointCommands.Hold(control, terminal),
            CheckpointCommands.Reprioritize(control, terminal),
            CheckpointCommands.Release(control, terminal),
            CheckpointCommands.List(control, terminal),
            CheckpointCommands.Restore(control, terminal),
            CheckpointCommands.Rollback(control, terminal),
            ExportCommand.Create(control, terminal),
            SitesCommand.Create(control, terminal),
            LinksCommand.Create(control, terminal),
            RateCommands.List(control, terminal),
            RateCommands.Change(control, terminal),
            CopyCommands.Copy(control, terminal),
            CopyCommands.Copies(control, terminal),
            FleetCommands.Create(control, terminal),
            QueuesCommand.Create(control, terminal),
            QueuesCommand.Queue(control, terminal),
            ReplayCommands.Decisions(control, terminal),
            ReplayCommands.Replay(control, terminal),
            OutageCommands.List(control, terminal),
            OutageCommands.Drain(control, terminal),
            OutageCommands.Out(control, terminal, "fail", "Say that something failed: what ran there is lost, and goes on elsewhere.", OutageState.Failed),
            OutageCommands.Out(control, terminal, "quarantine", "Place nothing more there, and have what runs there move off at once.", OutageState.Quarantined),
            OutageCommands.Return(control, terminal),
            DataCommand.Create(terminal),
            CertificatesCommand.Create(terminal),
            BenchCommand.Create(terminal),
            ChaosCommand.Create(terminal),
            LabCommand.Create(terminal),
            SoakCommand.Create(terminal),
            VersionCommand.Create(terminal),
            InternalCommands.Gang(),
            InternalCommands.Bridge(),
            InternalCommands.Gateway(),
            FibreCommand.Create(),
            BenchGateway.Create(),
        };
    }
}
