using System.Runtime.InteropServices;
using Superfactory.Lab.Fibre;

using var ending = new CancellationTokenSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    ending.Cancel();
});
return await FibreProgram.RunAsync(args, Console.Out, ending.Token);
