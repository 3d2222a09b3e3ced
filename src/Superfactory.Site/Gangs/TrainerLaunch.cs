using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Gangs;

/// <summary>Says how the trainers of a gang are started: program, arguments, and the environment that torchrun would give.</summary>
internal static class TrainerLaunch
{
    private static readonly ImmutableArray<string> PythonNames = ["python3", "python"];

    /// <summary>The program and arguments of every trainer of the gang.</summary>
    /// <param name="specification">The gang.</param>
    /// <param name="cancellationToken">Ends the search for a Python.</param>
    /// <returns>The command, or why there is none: a program, a recipe or a Python that is missing.</returns>
    public static async Task<Outcome<string[]>> CommandAsync(GangSpecification specification, CancellationToken cancellationToken)
    {
        var job = specification.Assignment.Specification;
        if (job.Directory is { } folder && !Directory.Exists(folder))
        {
            return new([new Problem($"There is no folder '{folder}' at site {specification.Assignment.Island}, where the job's command is to start. Put the program there, or name its folder with 'directory'.")]);
        }

        string[] command;
        if (job.Trainer is { } trainer)
        {
            var recipe = Path.Combine(specification.PythonDirectory, "recipes", $"{trainer.Recipe}.py");
            if (!File.Exists(recipe))
            {
                return new([new Problem($"There is no recipe '{trainer.Recipe}' at {recipe}.")]);
            }

            command = ["python3", recipe];
        }
        else
        {
            command = [.. job.Command];
        }

        if (PythonNames.Contains(command[0]))
        {
            var python = await PythonLocator.FindAsync(specification.Python, cancellationToken);
            return python.Succeeded ? new([python.Value, .. command.Skip(1)]) : new(python.Problems);
        }

        return SystemTools.Find(Path.Combine(job.Directory ?? specification.GangDirectory, command[0])) is null && SystemTools.Find(command[0]) is null
            ? new([new Problem($"There is no program '{command[0]}' at this site.")])
            : new(command);
    }

    /// <summary>The process of one trainer.</summary>
    /// <param name="specification">The gang.</param>
    /// <param name="command">What <see cref="CommandAsync"/> found.</param>
    /// <param name="rank">The trainer's rank, from 0.</param>
    /// <param name="port">The port at which rank 0 listens for the others.</param>
    public static ProcessPlan Plan(GangSpecification specification, string[] command, int rank, int port)
    {
        var (assignment, job) = (specification.Assignment, specification.Assignment.Specification);
        var count = job.ProcessesAt(assignment.Island);
        var processes = Text(count);
        var own = new Dictionary<string, string>
        {
            ["SUPERFACTORY_BRIDGE"] = GangFiles.TrainerSocket(specification.RuntimeDirectory),
            ["SUPERFACTORY_JOB_FILE"] = GangFiles.Job(specification.GangDirectory),
            ["SUPERFACTORY_RUN"] = Text(assignment.Job),
            ["SUPERFACTORY_ISLAND"] = assignment.Island,
            ["SUPERFACTORY_OUTPUT"] = specification.OutputDirectory,
            ["PYTHONPATH"] = PythonPath(specification.PythonDirectory),
            ["PYTHONUNBUFFERED"] = "1",
            ["OMP_NUM_THREADS"] = Text(Threads(specification, count)),
            ["RANK"] = Text(rank),
            ["LOCAL_RANK"] = Text(rank),
            ["WORLD_SIZE"] = processes,
            ["LOCAL_WORLD_SIZE"] = processes,
            ["MASTER_ADDR"] = "127.0.0.1",
            ["MASTER_PORT"] = Text(port),
        };
        if (job.LaneCount > 1)
        {
            // A process of its own for each lane hears of that lane's bridge alone.
            int[] lanes = count == 1 ? [.. Enumerable.Range(0, job.LaneCount)] : [rank];
            own["SUPERFACTORY_BRIDGE"] = string.Join(':', lanes.Select(lane => GangFiles.TrainerSocket(specification.RuntimeDirectory, lane)));
            own["SUPERFACTORY_LANES"] = string.Join(':', lanes.Select(lane => Text(lane)));
        }

        if (assignment.Role is { } role)
        {
            own.Remove("SUPERFACTORY_BRIDGE");
            own["SUPERFACTORY_RUN"] = Text(role.Job);
            own["SUPERFACTORY_ROLE"] = role.Role;
            own["SUPERFACTORY_GANG"] = Text(role.Gang);
            own["SUPERFACTORY_GANGS"] = Text(role.Count);
        }
        else if (!job.Roles.IsEmpty)
        {
            own["SUPERFACTORY_ROLE"] = RoleSpecification.Islands;
        }

        if (assignment.Array is { } array)
        {
            own["SUPERFACTORY_ELEMENT"] = Text(array.Element);
            own["SUPERFACTORY_ELEMENTS"] = Text(array.Count);
        }

        own["SUPERFACTORY_ACCELERATORS"] = Text(assignment.Accelerators ?? job.Accelerators);
        own["SUPERFACTORY_HARDWARE"] = assignment.Hardware ?? job.Hardware[0];
        if (!assignment.Places.IsEmpty)
        {
            own["SUPERFACTORY_PLACES"] = string.Join(',', assignment.Places);
        }

        if (specification.CorpusDirectory is { } corpus)
        {
            own["SUPERFACTORY_CORPUS"] = corpus;
        }

        // The job's own variables come first, so that none can take the place of what joins the trainer to its run.
        return new ProcessPlan
        {
            Command = [.. command],
            WorkingDirectory = job.Directory ?? specification.GangDirectory,
            Environment = job.Environment.SetItems(own),
        };
    }

    /// <summary>Threads of each process: of those that the job says the part that its island got of the most accelerators, else of the gang's cores.</summary>
    private static int Threads(GangSpecification specification, int processes)
    {
        var (assignment, job) = (specification.Assignment, specification.Assignment.Specification);
        return Math.Max(1, job.Island.Threads > 0 ? (int)((long)job.Island.Threads * (assignment.Accelerators ?? job.Accelerators) / job.Accelerators) : specification.Cores / processes);
    }

    /// <summary>A port of this machine that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string PythonPath(string projectDirectory) =>
        Environment.GetEnvironmentVariable("PYTHONPATH") is { Length: > 0 } inherited ? $"{projectDirectory}:{inherited}" : projectDirectory;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
