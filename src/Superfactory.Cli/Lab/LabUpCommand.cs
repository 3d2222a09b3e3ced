using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Factory;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;
using Superfactory.Model;

namespace Superfactory.Cli.Lab;

/// <summary><c>superfactory lab up TOPOLOGY.yaml</c>: sets a laboratory up.</summary>
internal static class LabUpCommand
{
    /// <summary>The largest topology file that is read, 1 MiB: far over anything that people write.</summary>
    private const long FileBytesMax = 1 << 20;

    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("TOPOLOGY.yaml") { Description = "The topology, see docs/lab.md." };
        var name = Settings.Text("--lab", "NAME", "The laboratory's name. [default: as the file says, else the file's name]");
        var command = new Command("up", "Set a laboratory up; it stays until 'superfactory lab down'.") { file, name };
        command.SetAction((parsed, cancellation) => RunAsync(terminal, parsed.GetRequiredValue(file), parsed.GetValue(name), cancellation));
        return command;
    }

    /// <summary>Reads and checks a topology file; that needs no root.</summary>
    internal static Outcome<LabTopology> Read(string file, string? name)
    {
        try
        {
            if (Directory.Exists(file))
            {
                return new Outcome<LabTopology>([new Problem("This is a directory. Expected a topology file, as docs/lab.md describes it.", file)]);
            }

            if (new FileInfo(file) is { Exists: true, Length: > FileBytesMax })
            {
                return new Outcome<LabTopology>([new Problem($"This file is larger than {FileBytesMax >> 20} MiB and no topology.", file)]);
            }

            var read = LabTopologyFile.Parse(File.ReadAllText(file), Path.GetFileNameWithoutExtension(file), file);
            return read.Succeeded && name is not null ? new Outcome<LabTopology>(read.Value with { Name = name }) : read;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Outcome<LabTopology>([new Problem("There is no such file.", file, Hint: "Ready ones are in examples/lab.")]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new Outcome<LabTopology>([new Problem($"This file cannot be read: {exception.Message}", file)]);
        }
    }

    private static async Task<int> RunAsync(Terminal terminal, string file, string? name, CancellationToken cancellation)
    {
        if (name is not null && !FactoryName.IsValid(name))
        {
            return terminal.Fail($"--lab: '{name}' is no name. Expected {FactoryName.Expected}.", ExitCode.BadInput);
        }

        var topology = Read(file, name);
        if (!topology.Succeeded)
        {
            return terminal.Fail(topology.Problems, ExitCode.BadInput);
        }

        var options = new LaboratoryOptions { FibreCommand = LabCommand.Fibre, Environment = Self.Environment(), LivesOn = true };
        var up = await Laboratory.UpAsync(topology.Value, options, cancellation);
        if (!up.Succeeded)
        {
            return terminal.Fail(up.Problems, ExitCode.CannotReach);
        }

        await using var laboratory = up.Value;
        foreach (var notice in laboratory.Notices)
        {
            terminal.ErrorLine($"superfactory: {notice}");
        }

        terminal.Line($"Laboratory '{laboratory.Name}' is up:");
        foreach (var line in LabText.Sites(laboratory))
        {
            terminal.Line(line);
        }

        terminal.Line($"Run something in a site with 'superfactory lab run {laboratory.Topology.Sites[0]} -- COMMAND'; 'superfactory lab down' ends it.");
        return ExitCode.Done;
    }
}
