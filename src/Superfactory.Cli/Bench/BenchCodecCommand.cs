using System.CommandLine;
using Superfactory.Cli.CommandLine;

namespace Superfactory.Cli.Bench;

/// <summary><c>superfactory bench codec</c>: the number formats of the wire against memcpy.</summary>
internal static class BenchCodecCommand
{
    // The encoding of fp32 is one array of bytes, which ends at 2 GiB; and four arrays of this size are held at once.
    private const int MibMax = 1024;
    private const int RepeatMax = 1000;
    private const int ThreadsMax = 64;

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var mib = Settings.Whole("--mib", "The size of the numbers in fp32, in MiB; four times as much memory is used.", 1, MibMax, 256);
        var repeat = Settings.Whole("--repeat", "How often each operation is timed.", 1, RepeatMax, 7);
        var threads = Settings.Whole("--threads", "Threads that each operation is shared among.", 1, ThreadsMax, 1);
        var json = Settings.Text("--json", "FILE", "Write the report to this file as JSON.");
        var command = new Command("codec", "Measure the number formats of the wire against memcpy.") { mib, repeat, threads, json };
        command.SetAction((parsed, cancellation) => Task.Run(
            () => Run(terminal, parsed.GetValue(json), (int)parsed.GetValue(mib), (int)parsed.GetValue(repeat), (int)parsed.GetValue(threads), cancellation),
            cancellation));
        return command;
    }

    private static int Run(Terminal terminal, string? file, int mib, int repeat, int threads, CancellationToken cancellation)
    {
        if (ReportFile.Check(file) is { } problem)
        {
            return terminal.Fail([problem], ExitCode.BadInput);
        }

        // What the buffers may take beside all else, so that a machine too small says so instead of swapping.
        var needed = CodecBench.Bytes(mib);
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > memory)
        {
            return terminal.Fail(
                $"--mib: {mib} MiB need {Model.Units.ByteCount.Format(needed)} of memory where the machine has {Model.Units.ByteCount.Format(memory)}.",
                ExitCode.BadInput,
                "Give a smaller --mib.");
        }

        using var bench = new CodecBench(mib, repeat, threads, terminal.Time);
        var report = bench.Run(cancellation);
        foreach (var line in CodecReportText.Lines(report))
        {
            terminal.Line(line);
        }

        ReportFile.Write(file, report);
        return ExitCode.Done;
    }
}
