using System.CommandLine;
using Superfactory.Cli.Bench.Merge;
using Superfactory.Cli.Bench.Reroute;
using Superfactory.Cli.Bench.Scheduling;
using Superfactory.Cli.Bench.Training;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Bench;

/// <summary><c>superfactory bench</c>: measures parts of Superfactory on this machine.</summary>
internal static class BenchCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal) => new("bench", "Measure parts of Superfactory on this machine.")
    {
        BenchCodecCommand.Create(terminal),
        MergeBenchCommand.Create(terminal),
        TrainingBenchCommand.Create(terminal),
        ScheduleBenchCommand.Create(terminal),
        RerouteBenchCommand.Create(terminal),
    };
}
