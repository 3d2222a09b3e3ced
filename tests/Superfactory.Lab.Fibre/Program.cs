using System.Runtime.InteropServices;
using Superfactory.Lab.Fibre;
using Superfactory.Lab.Running;
using Superfactory.Lab.Topology;

// "hold DIRECTORY FILE" sets a laboratory up that goes with this process, says "up", and stays until standard input ends.
// Anything else is what Superfactory.Lab gives the program that carries its packets.
if (args is not ["hold", var directory, var file])
{
    using var ending = new CancellationTokenSource();
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
    {
        context.Cancel = true;
        ending.Cancel();
    });
    return await FibreProgram.RunAsync(args, Console.Out, ending.Token);
}

var topology = LabTopologyFile.Parse(await File.ReadAllTextAsync(file), Path.GetFileNameWithoutExtension(file), file);
var up = await Laboratory.UpAsync(topology.Value!, new LaboratoryOptions { FibreCommand = [Environment.ProcessPath!], Directory = directory });
if (!up.Succeeded)
{
    Console.WriteLine(string.Join('\n', up.Problems.Select(static problem => problem.ToString())));
    return 3;
}

await using var laboratory = up.Value;
Console.WriteLine("up");
await Console.In.ReadToEndAsync();
return 0;
